import type { Clock } from '../runtime/clock.ts';
import type { Outcome } from '../store/notice.ts';

/** Outcomes in one transaction; more wait for the next, so that a storm costs a write a batch and not one a notice. */
const BATCH = 200;

/** Records outcomes together with those that come meanwhile; resolves when they are on disk. */
export function openRecorder(
  recordOutcomes: (batch: { outcomes: readonly Outcome[]; now: number }) => Promise<void>,
  clock: Clock,
): (outcomes: readonly Outcome[]) => Promise<void> {
  const waiting: { readonly outcomes: readonly Outcome[]; readonly done: PromiseWithResolvers<void> }[] = [];
  let writing = false;

  async function write(): Promise<void> {
    writing = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      const outcomes = batch.flatMap((one) => one.outcomes);
      const written = recordOutcomes({ outcomes, now: clock.now() });
      for (const { done } of batch) written.then(done.resolve, done.reject);
      await written.catch(() => {});
    }
    writing = false;
  }

  return (outcomes) => {
    const done = Promise.withResolvers<void>();
    waiting.push({ outcomes, done });
    if (!writing) void write();
    return done.promise;
  };
}
