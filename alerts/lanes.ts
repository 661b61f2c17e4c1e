/** How many attempts may be under way at once, at one destination and in all; a part of each is kept for emergencies. */
const AT_ONE = { ordinary: 4, critical: 8 } as const;
const IN_ALL = { ordinary: 192, critical: 256 } as const;

export type Lanes = {
  /** Takes a place at a destination; false when there is none for such a notice now. */
  readonly enter: (destination: string, critical: boolean) => boolean;
  readonly leave: (destination: string) => void;
};

/** Keeps a slow destination from taking the places of the others, and anything ordinary those of emergencies. */
export function openLanes(): Lanes {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    enter(destination, critical) {
      const lane = critical ? 'critical' : 'ordinary';
      const here = taken.get(destination) ?? 0;
      if (here >= AT_ONE[lane] || all >= IN_ALL[lane]) return false;
      taken.set(destination, here + 1);
      all++;
      return true;
    },
    leave(destination) {
      const here = (taken.get(destination) ?? 1) - 1;
      if (here === 0) taken.delete(destination);
      else taken.set(destination, here);
      all--;
    },
  };
}
