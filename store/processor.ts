import type { Alert } from '../domain/alert.ts';
import type { Finding, Recovery } from '../domain/finding.ts';
import { raiseFinding, recoverFinding } from './alert.ts';
import { read, write } from './command.ts';
import { type HeldLease, holdFence } from './lease.ts';
import type { Db } from './schema.ts';

/**
 * A turn of a processor: it has read every stream up to `cut`, and judged time at `at`. Logged together with what it concluded, so
 * that a replay takes the same steps. `watchingSince`: silence counts from here, not from before our own outage. `linksSince`: what
 * was connected before that may be gone without a word.
 */
export type Turn = {
  readonly number: number;
  readonly at: number;
  readonly watchingSince: number;
  readonly linksSince: number;
  readonly cut: Readonly<Record<string, number>>;
};

/** What a processor does, it does as the owner of its partition: after somebody else has taken it, none of it is written (isFenced). */
type Owned = { readonly lease: HeldLease };

type Concluded = { readonly findings: readonly Finding[]; readonly recoveries: readonly Recovery[] };

async function concludeHere(db: Db, { findings, recoveries }: Concluded, at: number) {
  const raised: Pick<Alert, 'id' | 'householdId'>[] = [];
  for (const finding of findings) {
    const alert = await raiseFinding(db, finding, at);
    if (alert) raised.push({ id: alert.id, householdId: alert.householdId });
  }
  for (const recovery of recoveries) await recoverFinding(db, recovery, at);
  return raised;
}

export const processorCommands = {
  /** In how many partitions the households are dealt out; the same for ever in one memory. */
  partitions: read(async (db, _: null): Promise<number> => {
    const { value } = await db
      .selectFrom('counter')
      .select('value')
      .where('name', '=', 'partitions')
      .executeTakeFirstOrThrow();
    return value;
  }),

  /** A part of what a turn came to, before the turn itself is logged; gives the alerts that were opened or occurred again. */
  conclude: write(async (db, { lease, at, ...concluded }: Owned & Concluded & { at: number }) => {
    await holdFence(db, lease);
    return concludeHere(db, concluded, at);
  }),

  /** A turn, and the rest of what it came to; `at` is when that is concluded, which in a backlog is long after the turn's own time. */
  commitTurn: write(
    async (
      db,
      { lease, processor, turn, at, ...concluded }: Owned & Concluded & { processor: string; turn: Turn; at: number },
    ) => {
      await holdFence(db, lease);
      await db
        .insertInto('turn')
        .values({
          processor,
          number: turn.number,
          at: turn.at,
          watching_since: turn.watchingSince,
          links_since: turn.linksSince,
          cut: JSON.stringify(turn.cut),
        })
        // Asked again after a lost answer, it is the same turn.
        .onConflict((conflict) => conflict.columns(['processor', 'number']).doNothing())
        .execute();
      return concludeHere(db, concluded, at);
    },
  ),

  /** Where a processor goes on after its documents: the turns it has logged, from a number on. */
  turnsFrom: read(async (db, { processor, number }: { processor: string; number: number }) => {
    const rows = await db
      .selectFrom('turn')
      .select(['number', 'at', 'watching_since', 'links_since', 'cut'])
      .where('processor', '=', processor)
      .where('number', '>=', number)
      .orderBy('number')
      .execute();
    return rows.map(
      (row): Turn => ({
        number: row.number,
        at: row.at,
        watchingSince: row.watching_since,
        linksSince: row.links_since,
        cut: JSON.parse(row.cut),
      }),
    );
  }),
};
