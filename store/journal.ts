import { sql } from 'kysely';
import type { Alert } from '../domain/alert.ts';
import type { Finding } from '../domain/finding.ts';
import type { Catalogue, ReadingKind } from '../domain/reading.ts';
import { raiseFinding } from './alert.ts';
import { read, write } from './command.ts';
import { streamsOf } from './distinct.ts';
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

/** The known state of an alarm (smoke, gas, …), kept so that a restart neither forgets nor repeats it. */
export type AlarmState = {
  readonly hubId: string;
  readonly device: string;
  readonly kind: ReadingKind;
  readonly active: boolean;
  readonly at: number;
};

/** One group commit: packets of one stream, numbered from `first`, and all that must be true before they are acknowledged. */
export type SegmentCommit = {
  readonly stream: string;
  readonly first: number;
  readonly count: number;
  readonly at: number;
  /** As store/segment.ts writes them, not compressed. */
  readonly bytes: Uint8Array;
  readonly findings: readonly Finding[];
  readonly alarmStates: readonly AlarmState[];
  readonly catalogues: readonly { readonly hubId: string; readonly catalogue: Catalogue }[];
  readonly unreadable: readonly Unreadable[];
};

async function keepAlarmStates(db: Db, states: readonly AlarmState[]): Promise<void> {
  for (const { hubId, device, kind, active, at } of states) {
    await db
      .insertInto('alarm_state')
      .values({ hub_id: hubId, device, kind, active: active ? 1 : 0, at })
      .onConflict((conflict) =>
        conflict.columns(['hub_id', 'device', 'kind']).doUpdateSet({ active: active ? 1 : 0, at }),
      )
      .execute();
  }
}

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

export const journalCommands = {
  /** Returns the alerts that were opened or that occurred again. When this resolves, everything in it is on disk. */
  commitSegment: write(async (db, commit: SegmentCommit) => {
    await db
      .insertInto('segment')
      .values({
        stream: commit.stream,
        first: commit.first,
        count: commit.count,
        at: commit.at,
        packets: compressSegment(commit.bytes),
      })
      .execute();
    const raised: Alert[] = [];
    for (const finding of commit.findings) {
      const alert = await raiseFinding(db, finding, commit.at);
      if (alert) raised.push(alert);
    }
    await keepAlarmStates(db, commit.alarmStates);
    for (const { hubId, catalogue } of commit.catalogues) {
      const text = JSON.stringify(catalogue);
      await db
        .insertInto('hub_catalogue')
        .values({ hub_id: hubId, catalogue: text })
        .onConflict((conflict) => conflict.column('hub_id').doUpdateSet({ catalogue: text }))
        .execute();
    }
    await countUnreadable(db, commit.unreadable);
    return raised.map(({ id, householdId, category, occurrences }) => ({ id, householdId, category, occurrences }));
  }),

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

  /** Segments of a stream that hold numbers after `after`, in order, uncompressed; the first may begin before it. */
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
    return rows
      .filter((row) => row.first + row.count - 1 > after)
      .map((row) => ({ first: row.first, count: row.count, at: row.at, bytes: expandSegment(row.packets) }));
  }),

  alarmStates: read(async (db, _: null): Promise<AlarmState[]> => {
    const rows = await db.selectFrom('alarm_state').selectAll().execute();
    return rows.map((row) => ({
      hubId: row.hub_id,
      device: row.device,
      kind: row.kind,
      active: row.active === 1,
      at: row.at,
    }));
  }),
};
