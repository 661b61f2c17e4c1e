import { HEARD_WITHIN_MS, type Notice, type VerdictReason } from '../domain/notice.ts';
import { hours, seconds } from '../domain/time.ts';
import type { Outcome } from '../store/notice.ts';
import type { Told } from './channel.ts';

const ATTEMPT_MS = seconds(5);
const LEAST_ATTEMPT_MS = seconds(1);
const LONGEST_BACK_OFF_MS = seconds(60);
/** After this a notice is told no more; the plan's next step has come long since. */
const KEEP_TRYING_MS = hours(1);
/** What was handed to the consoles late (we were down) still gets this long to be shown. */
const LEAST_WAIT_MS = seconds(5);

/** 1 s, 2 s, 4 s … without chance in it: destinations are few, and a test can say when. */
export const backOffMs = (attempts: number): number => Math.min(seconds(2 ** attempts), LONGEST_BACK_OFF_MS);

/** Passing on takes a round of the dispatcher and a request; the next channel is to have it within the promised time. */
const PASSING_ON_MS = seconds(1);
const heardBy = (notice: Notice): number => notice.createdAt + HEARD_WITHIN_MS - PASSING_ON_MS;

/** How long an attempt may take: the next channel is not to wait for it. */
export function attemptMs(notice: Notice, now: number): number {
  if (notice.fallback.length === 0) return ATTEMPT_MS;
  return Math.max(LEAST_ATTEMPT_MS, Math.min(ATTEMPT_MS, heardBy(notice) - now));
}

/** A notice that the stages hold back, on record with the reason. */
export const suppressed = (notice: Notice, reason: VerdictReason, now: number): Outcome => ({
  notice,
  state: 'suppressed',
  reason,
  deliveries: [{ destination: '', attemptedAt: now, outcome: 'suppressed', reason, answer: '' }],
  nextAttemptAt: now,
  passOn: false,
});

/** What becomes of a notice after an attempt that began at `attemptedAt`: any receiver that heard it is enough. */
export function outcomeOf(notice: Notice, told: readonly Told[], attemptedAt: number, now: number): Outcome {
  const deliveries = told.map(({ kind, reason, answer, destination }) => ({
    ...{ reason, answer, destination, attemptedAt },
    outcome: kind,
  }));
  const of = (kind: Told['kind']): Told | undefined => told.find((one) => one.kind === kind);
  const ends = (state: Notice['state'], reason: VerdictReason, nextAttemptAt = now): Outcome => ({
    ...{ notice, state, reason, deliveries, nextAttemptAt },
    passOn: state === 'superseded',
  });

  if (of('sent')) return ends('delivered', 'sent');
  const waiting = of('waiting');
  if (waiting) return ends('waiting', waiting.reason, Math.max(heardBy(notice), now + LEAST_WAIT_MS));

  const retry = of('retry');
  const reason = retry?.reason ?? of('gave_up')?.reason ?? 'unreachable';
  const next = now + Math.max(backOffMs(notice.attempts), ...told.map((one) => one.notBeforeMs ?? 0));
  const inTime = next < (notice.fallback.length > 0 ? heardBy(notice) : notice.createdAt + KEEP_TRYING_MS);
  if (retry && inTime) return ends('due', reason, next);
  return ends(notice.fallback.length > 0 ? 'superseded' : 'failed', reason);
}
