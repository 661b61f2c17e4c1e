/** Seeded chance: the same seed gives the same town. */
export type Dice = {
  /** In [0, 1). */
  readonly next: () => number;
  readonly between: (low: number, high: number) => number;
  /** An integer, both ends included. */
  readonly whole: (low: number, high: number) => number;
  readonly chance: (probability: number) => boolean;
  /** Bell-shaped around `mean`, never further than three `spread`s. */
  readonly around: (mean: number, spread: number) => number;
  readonly pick: <T>(from: readonly [T, ...T[]]) => T;
};

/** FNV-1a, 32 bit: neighbouring seeds ("home 1", "home 2") must not give neighbouring lives. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** mulberry32. */
export function dice(...seed: readonly (string | number)[]): Dice {
  let state = hash(seed.join('/'));
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const between = (low: number, high: number) => low + next() * (high - low);
  const whole = (low: number, high: number) => Math.floor(between(low, high + 1));
  return {
    next,
    between,
    whole,
    chance: (probability) => next() < probability,
    around: (mean, spread) => mean + (next() + next() + next() - 1.5) * 2 * spread,
    pick: (from) => from[whole(0, from.length - 1)] ?? from[0],
  };
}
