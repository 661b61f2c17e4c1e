import { expect, test } from 'vitest';
import { type Category, categories } from './category.ts';
import { subjectOf } from './finding.ts';

const about = { hubId: 'hub', device: 'button' };

test.each<[Category, string, string]>([
  ['sos', 'kitchen', ''],
  ['vitals', '', ''],
  ['inactivity', '', ''],
  ['smoke', 'kitchen', 'kitchen'],
  ['smoke', '', 'hub/button'],
  ['battery_low', 'kitchen', 'hub/button'],
  ['system', '', 'button'],
])('a finding of %s in the room "%s" is about "%s"', (category, room, subject) => {
  expect(subjectOf(category, about, room)).toBe(subject);
});

test('two sensors in one room are one fire, two rooms are two', () => {
  const smoke = (device: string, room: string) => subjectOf('smoke', { hubId: 'hub', device }, room);
  expect(smoke('one', 'kitchen')).toBe(smoke('two', 'kitchen'));
  expect(smoke('one', 'kitchen')).not.toBe(smoke('two', 'bedroom'));
  expect(smoke('one', '')).not.toBe(smoke('two', ''));
});

test('whatever recovers by itself is told apart by device', () => {
  for (const { recovers, subject } of Object.values(categories)) if (recovers) expect(subject).toBe('device');
});
