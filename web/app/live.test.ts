import { describe, expect, it } from 'vitest';
import { waitBefore } from './live.ts';

describe('a console that has lost its server', () => {
  it('comes back soon at first and never more rarely than every ten seconds', () => {
    const waits = Array.from({ length: 12 }, (_, attempt) => waitBefore(attempt, 1));
    expect(waits[0]).toBeLessThan(1_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(10_000);
  });

  it('does not come back in the same moment as every other', () => {
    expect(waitBefore(3, 0)).toBeLessThan(waitBefore(3, 1));
  });
});
