import { sql } from 'kysely';
import type { Finding } from '../domain/finding.ts';
import type { Catalogue } from '../domain/reading.ts';
import { type AlarmState, keepAlarmStates } from './alarm-state.ts';
import { raiseFinding } from './alert.ts';
import { read, write } from './command.ts';
import { streamsOf } from './distinct.ts';
import { StoreError } from './failure.ts';
import { type Claim, type Claimed, claimedBefore, claimHubs } from './hub-link.ts';
import type { Db } from './schema.ts';
import { compressSegment, expandSegment } from './segment.ts';

/** What could not be read, counted per hub and topic within one group commit. */
export type Unreadable = {
  readonly hubId: string;
  readonly topic: string;
  readonly reason: string;
  readonly count: number;
  readonly at: number;
  /** The beginning of one such message, as text, for the person who has to find out. */
  readonly sample: string;
};

/** What is kept beside packets because of what they say. */
export type Aside = {
  readonly alarmStates: readonly AlarmState[];
  readonly catalogues: readonly { readonly hubId: string; readonly catalogue: Catalogue }[];
  readonly unreadable: readonly Unreadable[];
};

/** One group commit: packets of one stream, numbered from `first`, and all that must be true before they are acknowledged. */
export type SegmentCommit = Aside & {
  readonly stream: string;
  readonly first: number;
  readonly count: number;
  readonly at: number;
  /** As store/segment.ts writes them, not compressed. */
  readonly bytes: Uint8Array;
  readonly findings: readonly Finding[];
  /** Hubs that have connected; the stream is the name of the front end. */
  readonly claims?: readonly Claim[];
};

/** What one answer expands to, or little more: a segment is two megabytes at most. */
const PAGE_BYTES = 4 * 1_024 * 1_024;

async function countUnreadable(db: Db, unreadable: readonly Unreadable[]): Promise<void> {
  for (const { hubId, topic, reason, count, at, sample } of unreadable) {
    await db
      .insertInto('unreadable')
      .values({ hub_id: hubId, topic, reason, count, first_at: at, last_at: at, sample })
      .onConflict((conflict) =>
        conflict.columns(['hub_id', 'topic', 'reason']).doUpdateSet((e) => ({
          count: e('unreadable.count', '+', count),
          last_at: at,
          sample,
        })),
      )
      .execute();
  }
}

async function keepCatalogues(db: Db, catalogues: Aside['catalogues']): Promise<void> {
  for (const { hubId, catalogue } of catalogues) {
    const text = JSON.stringify(catalogue);
    await db
      .insertInto('hub_catalogue')
      .values({ hub_id: hubId, catalogue: text })
      .onConflict((conflict) => conflict.column('hub_id').doUpdateSet({ catalogue: text }))
      .execute();
  }
}

async function keepAside(db: Db, { alarmStates, catalogues, unreadable }: Aside): Promise<void> {
  await keepAlarmStates(db, alarmStates);
  await keepCatalogues(db, catalogues);
  await countUnreadable(db, unreadable);
}

/**
 * False when these very packets stand there already: the answer to the same commit was lost. Others in their place mean that somebody else
 * writes this stream, and neither of the two can promise anything.
 */
async function insertSegment(db: Db, { stream, first, count, at, bytes }: SegmentCommit): Promise<boolean> {
  const packets = compressSegment(bytes);
  const inserted = await db
    .insertInto('segment')
    .values({ stream, first, count, at, packets })
    .onConflict((conflict) => conflict.columns(['stream', 'first']).doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows === 1n) return true;
  // An update, though it changes nothing: only the commit of something written waits until a standby has all that went before.
  const there = await db
    .updateTable('segment')
    .set({ at: sql<number>`at` })
    .where('stream', '=', stream)
    .where('first', '=', first)
    .returning(['count', 'at', 'packets'])
    .executeTakeFirstOrThrow();
  if (there.count === count && there.at === at && Buffer.compare(there.packets, packets) === 0) return false;
  const cause = new Error(
    `Another process writes the stream "${stream}": ${first} holds packets that are not ours. Two processes have the same data folder or a copy of it; give each its own.`,
  );
  throw new StoreError('lost', cause, undefined);
}

export const journalCommands = {
  /**
   * Returns what became of the claims. When this resolves, everything in it is on disk. Asked again after a lost answer, it is the same
   * commit.
   */
  commitSegment: write(async (db, commit: SegmentCommit): Promise<readonly Claimed[]> => {
    const { stream, findings, at, claims = [] } = commit;
    if (!(await insertSegment(db, commit))) return claimedBefore(db, stream, claims);
    for (const finding of findings) await raiseFinding(db, finding, at);
    await keepAside(db, commit);
    return claimHubs(db, stream, claims);
  }),

  /** What belongs to a group commit that was refused as a whole, alone. */
  keepAside: write(keepAside),

  /** The last number of each stream: where an intake goes on, and how far a consumer can read. */
  streamHeads: read(async (db, _: null) => {
    const heads: Record<string, number> = {};
    for (const stream of await streamsOf(db)) {
      const last = await db
        .selectFrom('segment')
        .select(['first', 'count'])
        .where('stream', '=', stream)
        .orderBy('first', 'desc')
        .limit(1)
        .executeTakeFirstOrThrow();
      heads[stream] = last.first + last.count - 1;
    }
    return heads;
  }),

  /**
   * Segments of a stream that hold numbers after `after`, in order, uncompressed; the first may begin before it. Fewer than `limit` where
   * they are large, so that memory holds them, but always one if there is any.
   */
  segmentsAfter: read(async (db, { stream, after, limit }: { stream: string; after: number; limit: number }) => {
    const rows = await db
      .selectFrom('segment')
      .select(['first', 'count', 'at', 'packets'])
      .where('stream', '=', stream)
      .where(
        'first',
        '>=',
        sql<number>`coalesce((select max(first) from segment where stream = ${stream} and first <= ${after + 1}), ${after + 1})`,
      )
      .orderBy('first')
      .limit(limit)
      .execute();
    const page: { first: number; count: number; at: number; bytes: Uint8Array }[] = [];
    let expanded = 0;
    for (const { first, count, at, packets } of rows) {
      if (first + count - 1 <= after) continue;
      if (expanded >= PAGE_BYTES) break;
      const bytes = expandSegment(packets);
      expanded += bytes.length;
      page.push({ first, count, at, bytes });
    }
    return page;
  }),
};
