import { minutes, seconds } from '../domain/time.ts';

export type FailedAttempts = {
  /** Counts one and says how long its answer is held back, ms. */
  readonly failed: (address: string) => number;
};

/** Mistakes are free at first; then each doubles the wait. A quiet while forgets them. */
const FREE = 3;
const FIRST_MS = 100;
const LONGEST_MS = seconds(3);
const FORGOTTEN_MS = minutes(5);
const ADDRESSES = 10_000;

/**
 * Slows the guessing of keys by address. Only refusals are held back: behind one address there may be a thousand homes (carriers
 * translate addresses), and the one with a wrong key must not lock out the others.
 */
export function failedAttempts(clock: { readonly now: () => number }): FailedAttempts {
  const failures = new Map<string, { readonly count: number; readonly at: number }>();
  return {
    failed(address) {
      const now = clock.now();
      const before = failures.get(address);
      const count = before && now - before.at < FORGOTTEN_MS ? before.count + 1 : 1;
      failures.delete(address);
      failures.set(address, { count, at: now });
      for (const oldest of failures.keys()) {
        if (failures.size <= ADDRESSES) break;
        failures.delete(oldest);
      }
      return count <= FREE ? 0 : Math.min(FIRST_MS * 2 ** (count - FREE - 1), LONGEST_MS);
    },
  };
}
