import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../runtime/clock.ts';
import type { Store } from '../store/commands.ts';
import { failureOf } from '../store/failure.ts';
import type { Outcome } from '../store/notice.ts';

/** Outcomes in one transaction; more wait for the next, so that a storm costs a write a batch and not one a notice. */
const BATCH = 200;

const ASK_AGAIN_MS = 500;

/**
 * Records outcomes together with those that come meanwhile; resolves when they are on disk. A memory that does not answer is asked until
 * it does: these were told, and nobody would know of it.
 */
export function openRecorder(
  recordOutcomes: Store['recordOutcomes'],
  clock: Clock,
): (outcomes: readonly Outcome[]) => Promise<void> {
  const waiting: { readonly outcomes: readonly Outcome[]; readonly done: PromiseWithResolvers<void> }[] = [];
  let writing = false;

  async function insist(batch: Parameters<typeof recordOutcomes>[0]): Promise<void> {
    for (;;) {
      try {
        return await recordOutcomes(batch);
      } catch (error) {
        if (failureOf(error) !== 'unavailable') throw error;
        await setTimeout(ASK_AGAIN_MS);
      }
    }
  }

  async function write(): Promise<void> {
    writing = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      const outcomes = batch.flatMap((one) => one.outcomes);
      const written = insist({ id: randomUUID(), outcomes, now: clock.now() });
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
