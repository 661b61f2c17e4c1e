import { expect, test } from 'vitest';
import { openNudge } from './nudge.ts';

test('what another process says reaches every thread and is not sent back; what it does not know is nothing to it', () => {
  const nudge = openNudge('bridge');
  const sent: string[] = [];
  const heard: string[] = [];
  const arrived = nudge.bridge((subject) => sent.push(subject));
  nudge.on('alerts', () => heard.push('alerts'));
  nudge.send('alerts');
  arrived('alerts');
  arrived('error');
  expect({ sent, heard }).toEqual({ sent: ['alerts'], heard: ['alerts', 'alerts'] });
  nudge.close();
});
