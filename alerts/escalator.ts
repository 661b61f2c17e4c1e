import type { Clock } from '../runtime/clock.ts';
import type { Store } from '../store/commands.ts';

/** Deadlines in one transaction: group commits wait behind it, so it is to be over in some milliseconds. */
const BATCH = 200;

/**
 * Lets every passed deadline have its consequence, the most urgent first, until none is left: after an outage one consequence is
 * the next rung, which may be due as well.
 */
export async function escalateDue(
  store: Pick<Store, 'escalateDue'>,
  clock: Clock,
  onEscalated: (lateMs: readonly number[]) => void,
): Promise<void> {
  for (;;) {
    const lateMs = await store.escalateDue({ now: clock.now(), limit: BATCH });
    if (lateMs.length === 0) return;
    onEscalated(lateMs);
  }
}
