import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { days, hours, minutes } from '../domain/time.ts';
import { temporaryFolder } from '../test/memory.ts';
import { type Moment, systemClock, timeSince } from './clock.ts';

const before: Moment = { boot: 'a', monotonicMs: 50_000, uptimeMs: 60_000, wallAt: Date.UTC(2026, 2, 1) };
const later = (parts: Partial<Moment>): number | null => timeSince(before, { ...before, ...parts });

test('within one boot the time goes on from the first start, wherever the wall has been set to', () => {
  const gone = { monotonicMs: before.monotonicMs + hours(2), uptimeMs: before.uptimeMs + hours(2) };
  for (const wallAt of [0, before.wallAt - days(1), before.wallAt + hours(3)])
    expect(later({ ...gone, wallAt })).toBe(before.wallAt + hours(2));
});

test('time goes on while a machine sleeps, and where a container counts its own uptime', () => {
  expect(later({ monotonicMs: before.monotonicMs + 1, uptimeMs: before.uptimeMs + hours(8) })).toBe(
    before.wallAt + hours(8),
  );
  expect(later({ monotonicMs: before.monotonicMs + hours(1), uptimeMs: 5 })).toBe(before.wallAt + hours(1));
});

test('after the machine was booted the wall clock decides', () => {
  expect(later({ boot: 'b', wallAt: 1 })).toBeNull();
});

/** As if Shouwang had first started in this boot when the wall was off by so much. */
function firstStartedWith(offMs: number): string {
  const { path, remove } = temporaryFolder();
  onTestFinished(remove);
  systemClock(path);
  const file = join(path, 'clock.json');
  const moment: Moment = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...moment, wallAt: moment.wallAt + offMs }));
  return path;
}

test.skipIf(process.platform !== 'linux')(
  'a clock that starts again runs on, and tells how far the wall is off',
  () => {
    const folder = firstStartedWith(-hours(1));
    const wallAt = Date.now();
    const clock = systemClock(folder);
    expect(Math.abs(clock.now() - (wallAt - hours(1)))).toBeLessThan(minutes(1));
    expect(Math.abs(clock.steppedMs() - hours(1))).toBeLessThan(minutes(1));
    // A part of the same process has the same time without being told where.
    expect(Math.abs(systemClock().now() - clock.now())).toBeLessThan(50);
  },
);

test('what was remembered and cannot be read is as if it had never been', () => {
  const folder = firstStartedWith(-hours(1));
  writeFileSync(join(folder, 'clock.json'), '{"boot":');
  expect(Math.abs(systemClock(folder).steppedMs())).toBeLessThan(1_000);
});
