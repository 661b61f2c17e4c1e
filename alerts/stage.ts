import type { VerdictReason } from '../domain/notice.ts';
import type { Telling } from '../store/telling.ts';

/** Whether a notice goes out; if not, the reason that is recorded for it. */
export type Verdict = { readonly go: true } | { readonly go: false; readonly reason: VerdictReason };

/** One reason not to tell somebody something. Pure: everything that it needs to know is in the telling. */
export type Stage = (telling: Telling) => Verdict;

export const GO: Verdict = { go: true };
export const hold = (reason: VerdictReason): Verdict => ({ go: false, reason });
