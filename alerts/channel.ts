import type { VerdictReason } from '../domain/notice.ts';
import type { Telling } from '../store/telling.ts';

/**
 * What came of an attempt at one destination. `sent`: on the receiver's own word. `waiting`: handed over, the word is still to come.
 * `retry`: may succeed later. `gave_up`: will not.
 */
export type Told = {
  readonly kind: 'sent' | 'waiting' | 'retry' | 'gave_up';
  readonly reason: VerdictReason;
  /** As the receiver gave it, shortened. */
  readonly answer: string;
  readonly destination: string;
  /** How long the receiver asked to be left alone. */
  readonly notBeforeMs?: number;
};

/** A way to tell an audience. Answers for each destination that it tried, and at least once; `signal` ends the attempt. */
export type Channel = { readonly tell: (telling: Telling, signal: AbortSignal) => Promise<readonly Told[]> };
