import type { Clock } from '../runtime/clock.ts';
import type { Store } from '../store/commands.ts';
import { type HeldLease, LEASE_SILENCE_MS } from '../store/lease.ts';
import { type Watched, watch } from './roster.ts';

export type SoleOptions = {
  readonly store: Pick<Store, 'leases' | 'takeLease' | 'renewLease'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** What is to be done by one of several processes. */
  readonly name: string;
  /** The same after a restart, and nobody else's. */
  readonly owner: string;
};

/**
 * Whether this process is the one that does it, to be asked every few seconds. For what two may well do at once for a moment: nothing
 * is fenced by it.
 */
export function sole({ store, clock, name, owner }: SoleOptions): () => Promise<boolean> {
  let held: HeldLease | null = null;
  let watched: ReadonlyMap<string, Watched> = new Map();

  return async () => {
    if (held && (await store.renewLease(held))) return true;
    held = null;
    watched = watch(watched, await store.leases({ prefix: name }), clock.monotonic());
    const seen = watched.get(name) ?? null;
    const isFree = seen === null || seen.owner === '' || seen.owner === owner;
    if (!isFree && clock.monotonic() - seen.stillSince < LEASE_SILENCE_MS) return false;
    const fence = await store.takeLease({ name, owner, seen });
    if (fence !== null) held = { name, owner, fence };
    return held !== null;
  };
}
