export type Pace = {
  /** 0: go. Otherwise so many ms are to pass before asking again. */
  readonly waitMs: () => number;
};

/** So many a second in the long run, `burst` at once. */
export function pace(
  allowed: { readonly perSecond: number; readonly burst: number },
  clock: { readonly monotonic: () => number },
): Pace {
  const interval = 1_000 / allowed.perSecond;
  const patience = (allowed.burst - 1) * interval;
  /** When all that was let go would have been due at an even pace. */
  let dueAt = 0;
  return {
    waitMs() {
      const now = clock.monotonic();
      const due = Math.max(dueAt, now);
      if (due - now > patience) return due - now - patience;
      dueAt = due + interval;
      return 0;
    },
  };
}

export type Answers = {
  /** Takes the next place in the line; the returned function says that this answer is ready. */
  readonly expect: (give: () => void) => () => void;
  readonly waiting: () => number;
  /** The connection is gone: nobody is there to be answered. */
  readonly end: () => void;
};

type Place = { readonly give: () => void; ready: boolean };

/** Answers leave in the order of the questions (MQTT-4.6.0-2), however their reasons overtake each other, and no faster than the pace. */
export function answersInOrder(pace: Pace, slowed: () => void): Answers {
  const line: Place[] = [];
  let timer: NodeJS.Timeout | null = null;
  let ended = false;

  function go(): void {
    if (timer) return;
    for (let first = line[0]; first?.ready && !ended; first = line[0]) {
      const waitMs = pace.waitMs();
      if (waitMs > 0) {
        slowed();
        timer = setTimeout(() => {
          timer = null;
          go();
        }, waitMs);
        return;
      }
      line.shift();
      first.give();
    }
  }

  return {
    expect(give) {
      const place: Place = { give, ready: false };
      line.push(place);
      return () => {
        place.ready = true;
        if (line[0] === place) go();
      };
    },
    waiting: () => line.length,
    end() {
      ended = true;
      line.length = 0;
      if (timer) clearTimeout(timer);
    },
  };
}
