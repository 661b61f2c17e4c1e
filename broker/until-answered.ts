import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { failureOf } from '../store/failure.ts';

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1_000;

export type Asking = { readonly clock: Pick<Clock, 'monotonic'>; readonly log: Log; readonly metrics: Metrics };

/**
 * Asks the memory the same again for as long as it cannot be reached. Whoever waits for the answer waits too: hubs are not acknowledged,
 * and those that send more than memory should hold are not read.
 */
export function untilAnswered({ clock, log, metrics }: Asking): <T>(ask: () => Promise<T>) => Promise<T> {
  let unanswered = 0;
  let since = 0;
  metrics.gauge(
    'shouwang_intake_unanswered',
    'Commits that the store has not taken yet though asked',
    () => unanswered,
  );
  const retries = metrics.counter('shouwang_intake_retries_total', 'Commits asked again of a store out of reach');

  function away(err: unknown): void {
    if (unanswered++ > 0) return;
    since = clock.monotonic();
    log.error({ err }, 'the store cannot be reached; nothing is acknowledged until it is');
  }
  function back(): void {
    if (--unanswered > 0) return;
    log.warn({ afterMs: Math.round(clock.monotonic() - since) }, 'the store is back; hubs are acknowledged again');
  }

  return async (ask) => {
    let waitMs = 0;
    for (;;) {
      try {
        const answer = await ask();
        if (waitMs > 0) back();
        return answer;
      } catch (err) {
        if (failureOf(err) !== 'unavailable') {
          if (waitMs > 0) back();
          throw err;
        }
        if (waitMs === 0) away(err);
        retries.inc();
        waitMs = Math.min(LONGEST_WAIT_MS, Math.max(FIRST_WAIT_MS, waitMs * 2));
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  };
}
