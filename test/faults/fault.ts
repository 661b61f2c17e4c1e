import type { Provenance } from '../figures.ts';

/** How much of a fault is played: `short` in every test run (some 20 s at most), `full` for the published figures. */
export type Size = 'short' | 'full';

export type FaultRun = {
  readonly seed: number;
  readonly size: Size;
  /** Repetitions in place of those of the size: kills, images, cases. */
  readonly count: number | null;
  /** For the person who waits; the result is not in it. */
  readonly say: (line: string) => void;
};

/** What a run came to. Figures are counts or, with the unit in the name, measurements. */
export type Outcome = {
  readonly load: Readonly<Record<string, number | string>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, number>>;
  /** Each a sentence on what was promised and not kept; none when the bar was passed. */
  readonly broken: readonly string[];
  /** What the bar asks for and this machine or this size could not show, said in words. */
  readonly notShown?: readonly string[];
};

/** One line of the report, with all that is needed to see the same again. */
export type FaultLine = Outcome &
  Provenance & {
    readonly fault: string;
    readonly verdict: 'kept' | 'broken';
    readonly command: string;
    readonly seed: number;
    readonly size: Size;
  };

/** One thing that goes wrong, and what must hold all the same: one file each, named for what happens. */
export type Fault = {
  readonly name: string;
  /** What happens, in a few words, for the table. */
  readonly happens: string;
  /** The bar that is passed or not, in words and figures. */
  readonly bar: string;
  /** Null when it can be played here, else what is missing. */
  readonly unavailable: () => string | null;
  readonly run: (run: FaultRun) => Promise<Outcome>;
};

export const playable = (): null => null;

/** Turns conditions into what was broken: `[holds, sentence if not]`. */
export const brokenOf = (...conditions: readonly (readonly [boolean, string])[]): string[] =>
  conditions.filter(([holds]) => !holds).map(([, sentence]) => sentence);
