import type { Clock } from '../runtime/clock.ts';
import type { Store } from '../store/commands.ts';

/** Deadlines in one transaction: group commits wait behind it, so it is to be over in some milliseconds. */
const BATCH = 50;

/** Lets every passed deadline have its consequence, the most urgent first; gives their number. */
export async function escalateDue(
  store: Pick<Store, 'escalateDue'>,
  clock: Clock,
  onEscalated: (lateMs: readonly number[]) => void,
): Promise<number> {
  for (let total = 0; ; ) {
    const now = clock.now();
    const lateMs = await store.escalateDue({ now, limit: BATCH });
    total += lateMs.length;
    if (lateMs.length > 0) onEscalated(lateMs);
    if (lateMs.length < BATCH) return total;
  }
}
