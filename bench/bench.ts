import type { Latencies } from '../device-sim/latency.ts';
import type { LoadResult } from '../device-sim/load.ts';
import { brokenOf } from '../test/faults/fault.ts';

/** What one measurement is asked. */
export type BenchRun = {
  readonly seconds: number;
  /** For the person who waits; the result is not in it. */
  readonly say: (line: string) => void;
};

export type Measured = {
  /** Each with its unit in the name. */
  readonly figures: Readonly<Record<string, number>>;
  /** Bars that were not reached, in words; none when all were. */
  readonly missed: readonly string[];
  /** What limits it, where that was found out in this run. */
  readonly remarks?: readonly string[];
};

/** One thing that is measured: one file each. */
export type Bench = {
  readonly name: string;
  readonly measures: string;
  readonly bar: string;
  readonly seconds: number;
  /** Null when it can be run here, else what is missing. */
  readonly unavailable: () => string | null;
  readonly run: (run: BenchRun) => Promise<Measured>;
};

/** Of the rate that was asked for; the rest is what is in flight at the end. */
const ALL_BUT = 0.98;

/** Latencies are those of a load only when all of it was there: every hub let in, each message in its time, each answered. */
export const loadMissed = ({ clients, connected, rate, unacked }: LoadResult, asked: number): string[] =>
  brokenOf(
    [connected === clients, `${clients - connected} hubs were not let in`],
    [rate >= asked * ALL_BUT, `${rate} messages/s instead of ${asked}`],
    [unacked === 0, `${unacked} messages were not acknowledged`],
  );

export const rounded = (value: number, digits = 1): number => Number(value.toFixed(digits));

export const loadFigures = (load: LoadResult) => ({
  'messages/s': load.rate,
  'PUBACK p50 ms': rounded(load.p50_ms),
  'PUBACK p99 ms': rounded(load.p99_ms),
  unacknowledged: load.unacked,
});

export const deskFigures = (desk: Latencies) => ({
  'button to desk p50 ms': rounded(desk.quantile(0.5)),
  'button to desk p99 ms': rounded(desk.quantile(0.99)),
  'button to desk max ms': rounded(desk.quantile(1)),
});
