import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isZone, localTime, within } from './time.ts';

test.each([
  ['2026-11-22T18:10:00Z', 'Asia/Shanghai', '2026-11-23', '02:10'],
  ['2026-11-22T15:59:59Z', 'Asia/Shanghai', '2026-11-22', '23:59'],
  ['2026-11-22T18:10:00Z', 'UTC', '2026-11-22', '18:10'],
  ['2026-03-29T00:59:59Z', 'Europe/Berlin', '2026-03-29', '01:59'],
  ['2026-03-29T01:00:00Z', 'Europe/Berlin', '2026-03-29', '03:00'],
  ['2026-07-01T03:29:00Z', 'America/St_Johns', '2026-07-01', '00:59'],
  ['2026-11-22T18:10:00Z', 'Asia/Kathmandu', '2026-11-22', '23:55'],
])('%s in %s is %s %s', (instant, zone, day, time) => {
  const [hour, minute] = time.split(':').map(Number);
  expect(localTime(Date.parse(instant), zone)).toEqual({ day, time, minuteOfDay: hour! * 60 + minute! });
});

test('agrees with the calendar of the platform at any instant of a century', () => {
  const zone = fc.constantFrom('Asia/Shanghai', 'Europe/Berlin', 'Pacific/Chatham', 'America/New_York');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), zone, (at, timeZone) => {
      const parts = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(at);
      const { day, time } = localTime(at, timeZone);
      expect(`${day} ${time}`).toBe(parts);
    }),
  );
});

test.each([
  ['Asia/Shanghai', true],
  ['UTC', true],
  ['+08:00', true],
  ['Mars/Olympus', false],
  ['', false],
  ['Asia/Shanghai ', false],
])('%j is a zone that times can be told in: %s', (zone, known) => {
  expect(isZone(zone)).toBe(known);
});

test.each([
  [60, 0, 120, true],
  [120, 0, 120, false],
  [0, 0, 120, true],
  [23 * 60, 22 * 60, 6 * 60, true],
  [0, 22 * 60, 6 * 60, true],
  [6 * 60, 22 * 60, 6 * 60, false],
  [12 * 60, 22 * 60, 6 * 60, false],
])('minute %i lies in [%i, %i): %s', (minute, from, to, inside) => {
  expect(within(minute, from, to)).toBe(inside);
});
