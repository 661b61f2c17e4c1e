import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import * as z from 'zod';

/**
 * The server's time. `now()` is wall time in ms that runs on the monotonic clock since Shouwang first started in this boot of the
 * machine: no deadline is early or late because somebody set the clock, neither while it runs nor when it is started again.
 * `steppedMs()` says by how much the wall has since left it.
 */
export type Clock = {
  readonly now: () => number;
  /** Milliseconds of the monotonic clock, from an arbitrary origin. */
  readonly monotonic: () => number;
  readonly steppedMs: () => number;
};

/** A difference above this is a step of the clock, not its drift, and an incident. */
export const CLOCK_STEP_MS = 2_000;

/** One moment on the clocks of a machine: two that nobody sets, and the wall's. */
const moment = z.object({ boot: z.string(), monotonicMs: z.number(), uptimeMs: z.number(), wallAt: z.number() });
export type Moment = z.infer<typeof moment>;

const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1_000_000;

function momentNow(): Moment {
  const uptimeMs = Number.parseFloat(readFileSync('/proc/uptime', 'utf8')) * 1_000;
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return { boot, monotonicMs: monotonicMs(), uptimeMs, wallAt: Date.now() };
}

/**
 * What time it is by a moment of before; null when the machine was booted in between. The monotonic clock stands while a machine
 * sleeps, and a container's uptime may begin anew with it: whichever has gone further is right.
 */
export function timeSince(before: Moment, now: Moment): number | null {
  if (before.boot !== now.boot) return null;
  return before.wallAt + Math.max(now.monotonicMs - before.monotonicMs, now.uptimeMs - before.uptimeMs);
}

function kept(file: string): Moment | null {
  try {
    return moment.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

/** The time at the start of a process, by the first start in this boot, which is kept in a file of `folder`. */
function timeAtStart(folder: string): number {
  // Other systems do not tell one boot from another; there each start takes the wall's time.
  if (process.platform !== 'linux') return Date.now();
  const file = join(folder, 'clock.json');
  const now = momentNow();
  const before = kept(file);
  const at = before && timeSince(before, now);
  if (at !== null) return at;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(now));
  renameSync(`${file}.${process.pid}`, file);
  return now.wallAt;
}

/** Handed from the first thread of a process to those that it starts, so that no step of the wall comes between them. */
const ORIGIN = 'shouwang: the time at the origin of the monotonic clock';

/** The clock of this process; `folder` is where the first start in this boot of the machine is remembered. */
export function systemClock(folder?: string): Clock {
  const begunAt = performance.now();
  const given = folder === undefined ? getEnvironmentData(ORIGIN) : undefined;
  const startedAt =
    typeof given === 'number' ? given + monotonicMs() : folder === undefined ? Date.now() : timeAtStart(folder);
  setEnvironmentData(ORIGIN, startedAt - monotonicMs());
  const now = (): number => Math.round(startedAt + performance.now() - begunAt);
  return { now, monotonic: () => performance.now(), steppedMs: () => Date.now() - now() };
}

/** A clock that a test moves. */
export function movedClock(startAt: number): Clock & { readonly forward: (ms: number) => void } {
  let at = startAt;
  return { now: () => at, monotonic: () => at, steppedMs: () => 0, forward: (ms) => (at += ms) };
}
