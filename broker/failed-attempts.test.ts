import { expect, test } from 'vitest';
import { minutes } from '../domain/time.ts';
import { movedClock } from '../runtime/clock.ts';
import { failedAttempts } from './failed-attempts.ts';

test('an address may be wrong three times; then each failure doubles the wait, up to three seconds', () => {
  const attempts = failedAttempts(movedClock(0));
  expect(Array.from({ length: 10 }, () => attempts.failed('a'))).toEqual([
    0, 0, 0, 100, 200, 400, 800, 1_600, 3_000, 3_000,
  ]);
  expect(attempts.failed('b')).toBe(0);
});

test('a quiet while forgets the failures', () => {
  const clock = movedClock(0);
  const attempts = failedAttempts(clock);
  for (let n = 0; n < 8; n++) attempts.failed('a');
  clock.forward(minutes(5));
  expect(attempts.failed('a')).toBe(0);
});

test('addresses are remembered up to a bound; the one longest quiet is forgotten first', () => {
  const attempts = failedAttempts(movedClock(0));
  for (let n = 0; n < 4; n++) attempts.failed('early');
  for (let n = 0; n < 4; n++) attempts.failed('busy');
  for (let n = 0; n < 9_999; n++) attempts.failed(`address ${n}`);
  expect(attempts.failed('busy')).toBeGreaterThan(0);
  expect(attempts.failed('early')).toBe(0);
});
