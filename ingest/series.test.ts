import { expect, test } from 'vitest';
import type { ReadingInput } from './rule.ts';
import { gatherSeries } from './series.ts';

const motion = (madeAt: number): ReadingInput => ({
  kind: 'reading',
  hubId: 'h',
  reading: { device: 'hall', kind: 'motion', value: true, ageMs: 0, clock: 'none' },
  place: 'h/hall',
  index: 0,
  receivedAt: madeAt,
  madeAt,
  live: true,
  news: 'changed',
  event: null,
  position: { stream: 's', number: 1 },
});

test.each([
  ['of 23 hours', 'Europe/Berlin', '2026-03-29T00:00:00+01:00', '2026-03-29T23:59:00+02:00'],
  ['of 25 hours', 'Europe/Berlin', '2026-10-25T00:00:00+02:00', '2026-10-25T23:59:00+01:00'],
  ['that begins at one', 'Africa/Cairo', '2026-04-24T01:00:00+03:00', '2026-04-24T23:59:00+03:00'],
  ['like any other', 'Asia/Shanghai', '2026-03-29T00:00:00+08:00', '2026-03-29T23:59:00+08:00'],
])('a day %s is one bucket, from its first minute to its last', (_, zone, first, last) => {
  const series = gatherSeries();
  const [from, to] = [Date.parse(first), Date.parse(last)];
  for (let at = from; at <= to; at += 59 * 60_000) series.add('home', zone, motion(at));
  series.add('home', zone, motion(to));
  const days = series.take('home')?.rollups.filter(({ size }) => size === 86_400);
  expect(days?.map(({ at }) => new Date(at).toISOString())).toEqual([new Date(from).toISOString()]);
});
