export type Rate = { readonly perSecond: number; readonly burst: number };

/** So many a second in the long run, `burst` at once. */
export class Pace {
  readonly #rate: Rate;
  readonly #clock: { readonly monotonic: () => number };
  /** When all that was let go would have been due at an even pace. */
  #dueAt = 0;

  constructor(rate: Rate, clock: { readonly monotonic: () => number }) {
    this.#rate = rate;
    this.#clock = clock;
  }

  /** 0: go. Otherwise so many ms are to pass before asking again. */
  waitMs(): number {
    const interval = 1_000 / this.#rate.perSecond;
    const patience = (this.#rate.burst - 1) * interval;
    const now = this.#clock.monotonic();
    const due = Math.max(this.#dueAt, now);
    if (due - now > patience) return due - now - patience;
    this.#dueAt = due + interval;
    return 0;
  }
}

type Place = { readonly give: () => void; ready: boolean };

/** Answers leave in the order of the questions (MQTT-4.6.0-2), however their reasons overtake each other, and no faster than the pace. */
export class AnswersInOrder {
  readonly #pace: Pick<Pace, 'waitMs'>;
  readonly #slowed: () => void;
  #line: Place[] = [];
  #timer: NodeJS.Timeout | null = null;
  #ended = false;

  constructor(pace: Pick<Pace, 'waitMs'>, slowed: () => void) {
    this.#pace = pace;
    this.#slowed = slowed;
  }

  /** Takes the next place in the line; the returned function says that this answer is ready. */
  expect(give: () => void): () => void {
    const place: Place = { give, ready: false };
    this.#line.push(place);
    return () => {
      place.ready = true;
      if (this.#line[0] === place) this.#go();
    };
  }

  get waiting(): number {
    return this.#line.length;
  }

  /** The connection is gone: nobody is there to be answered. */
  end(): void {
    this.#ended = true;
    this.#line = [];
    if (this.#timer) clearTimeout(this.#timer);
  }

  #go(): void {
    if (this.#timer) return;
    for (let first = this.#line[0]; first?.ready && !this.#ended; first = this.#line[0]) {
      const waitMs = this.#pace.waitMs();
      if (waitMs > 0) {
        this.#slowed();
        this.#timer = setTimeout(() => {
          this.#timer = null;
          this.#go();
        }, waitMs);
        return;
      }
      this.#line.shift();
      first.give();
    }
  }
}
