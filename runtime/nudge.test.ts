import { expect, test } from 'vitest';
import { openNudge } from './nudge.ts';

test('what another process says reaches every thread and is not sent back; what it does not know is nothing to it', () => {
  const nudge = openNudge('bridge');
  const sent: string[] = [];
  const heard: string[] = [];
  const arrived = nudge.bridge((subject) => sent.push(subject));
  nudge.on('journal', () => heard.push('journal'));
  nudge.send('journal');
  arrived('journal');
  arrived('error');
  expect({ sent, heard }).toEqual({ sent: ['journal'], heard: ['journal', 'journal'] });
  nudge.close();
});
