/**
 * The server's time. `now()` is wall time in ms that runs on the monotonic clock since this process started: within one boot a
 * deadline is never early or late because somebody set the clock. `steppedMs()` says by how much the wall has since left it.
 */
export type Clock = {
  readonly now: () => number;
  /** Milliseconds of the monotonic clock, from an arbitrary origin. */
  readonly monotonic: () => number;
  readonly steppedMs: () => number;
};

/** A difference above this is a step of the clock, not its drift, and an incident. */
export const CLOCK_STEP_MS = 2_000;

export function systemClock(): Clock {
  const startedAt = Date.now();
  const origin = performance.now();
  const now = (): number => Math.round(startedAt + performance.now() - origin);
  return { now, monotonic: () => performance.now(), steppedMs: () => Date.now() - now() };
}

/** A clock that a test moves. */
export function movedClock(startAt: number): Clock & { readonly forward: (ms: number) => void } {
  let at = startAt;
  return { now: () => at, monotonic: () => at, steppedMs: () => 0, forward: (ms) => (at += ms) };
}
