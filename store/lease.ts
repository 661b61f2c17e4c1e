import { read, write } from './command.ts';
import type { Db } from './schema.ts';

/**
 * Who works on what exists once (a partition of the households, say). No clock has a part in it: a watcher may take a lease that was
 * released (its owner is ''), or one whose `renewal` has not grown for LEASE_SILENCE_MS of the watcher's own monotonic clock. What
 * keeps an owner that stood still meanwhile from doing harm is not the time but the fence: each of its transactions holds it.
 */
export type Lease = {
  readonly name: string;
  readonly owner: string;
  /** Grows with every owner. */
  readonly fence: number;
  /** Grows with every sign of life. */
  readonly renewal: number;
};

/** A lease as its owner holds it. */
export type HeldLease = Pick<Lease, 'name' | 'owner' | 'fence'>;

/** What a watcher waits for a sign of life before it takes a lease over. */
export const LEASE_SILENCE_MS = 10_000;

const FENCED = 'FENCED';

/** Somebody else has the lease: the transaction was of one who owns nothing any more. */
export class Fenced extends Error {
  readonly code = FENCED;

  constructor({ name, owner, fence }: HeldLease) {
    super(`the lease ${name} is no longer ${owner}'s (fence ${fence})`);
  }
}

/** Also of one that was thrown in another thread. */
export const isFenced = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === FENCED;

/**
 * To be called first in a transaction that only the owner may make: throws Fenced when somebody else owns the lease, and makes who
 * would take it wait until this transaction has ended. An update that changes nothing is the row lock that both engines have.
 */
export async function holdFence(db: Db, { name, owner, fence }: HeldLease): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('lease')
    .set({ fence })
    .where('name', '=', name)
    .where('owner', '=', owner)
    .where('fence', '=', fence)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new Fenced({ name, owner, fence });
}

export const leaseCommands = {
  leases: read(async (db, { prefix }: { prefix: string }): Promise<Lease[]> => {
    const rows = await db.selectFrom('lease').selectAll().orderBy('name').execute();
    return rows.filter(({ name }) => name.startsWith(prefix));
  }),

  /** The new fence if the lease is still as it was seen (null: not there), otherwise null. */
  takeLease: write(
    async (
      db,
      { name, owner, seen }: Pick<Lease, 'name' | 'owner'> & { seen: Pick<Lease, 'fence' | 'renewal'> | null },
    ): Promise<number | null> => {
      const taken = seen
        ? db
            .updateTable('lease')
            .set({ owner, fence: seen.fence + 1, renewal: seen.renewal + 1 })
            .where('name', '=', name)
            .where('fence', '=', seen.fence)
            .where('renewal', '=', seen.renewal)
            .returning('fence')
        : db
            .insertInto('lease')
            .values({ name, owner, fence: 1, renewal: 1 })
            .onConflict((conflict) => conflict.column('name').doNothing())
            .returning('fence');
      return (await taken.executeTakeFirst())?.fence ?? null;
    },
  ),

  /** A sign of life; false when the lease is somebody else's by now. */
  renewLease: write(async (db, { name, owner, fence }: HeldLease): Promise<boolean> => {
    const { numUpdatedRows } = await db
      .updateTable('lease')
      .set((e) => ({ renewal: e('renewal', '+', 1) }))
      .where('name', '=', name)
      .where('owner', '=', owner)
      .where('fence', '=', fence)
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  }),

  /** Lets anybody take the lease at once; nothing when it is somebody else's. */
  releaseLease: write(async (db, { name, owner, fence }: HeldLease): Promise<void> => {
    await db
      .updateTable('lease')
      .set({ owner: '' })
      .where('name', '=', name)
      .where('owner', '=', owner)
      .where('fence', '=', fence)
      .execute();
  }),
};
