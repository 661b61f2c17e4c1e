import type { ReadingKind } from '../domain/reading.ts';

/** What a device says; `''` is the hub itself. `at` only where it differs from the event's own time. */
export type SimReading = {
  readonly kind: ReadingKind;
  readonly device: string;
  readonly value: boolean | number;
  readonly at?: number;
};

/** What somebody is doing when a device notices. */
export type Doing =
  | 'sleeps'
  | 'wakes'
  | 'washes'
  | 'cooks'
  | 'eats'
  | 'watches_tv'
  | 'potters'
  | 'naps'
  | 'goes_out'
  | 'comes_back'
  | 'measures'
  | 'device';

export type SimEvent = { readonly at: number; readonly doing: Doing; readonly readings: readonly SimReading[] };
