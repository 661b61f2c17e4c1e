import { expect, test } from 'vitest';
import type { Fault } from './fault.ts';

const MAY_TAKE_MS = 180_000;

/** The short form of a fault as a test of its own; its seed can be given again to see the same once more. */
export function playShort(fault: Fault): void {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1_000_000));
  test.skipIf(fault.unavailable())(
    `${fault.name}: ${fault.bar}`,
    async () => {
      const outcome = await fault.run({ seed, size: 'short', count: null, say: () => {} });
      expect(outcome.broken, `seed ${seed}, ${JSON.stringify(outcome)}`).toEqual([]);
    },
    MAY_TAKE_MS,
  );
}
