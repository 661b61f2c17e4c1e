import { type RetentionClass, readingKind, readingKinds } from '../domain/reading.ts';
import { read, write } from './command.ts';

const kindsOf = (retain: RetentionClass) => readingKind.options.filter((kind) => readingKinds[kind].retain === retain);

/** The clock as retention has followed it: when it looked last, and since when it has found no leap. */
export type ClockRun = { readonly at: number; readonly since: number };

const RUN = { at: 'clock_seen_at', since: 'clock_runs_since' } as const;

/**
 * What is forgotten, in small transactions: each command takes one bite and says how much it was, so that whoever calls it can give
 * way to emergencies between two bites. Who calls them decides what is old.
 */
export const retentionCommands = {
  /** Households by id, a page at a time. */
  householdIds: read(async (db, { after, limit }: { after: string; limit: number }) => {
    const rows = await db
      .selectFrom('household')
      .select('id')
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map((row) => row.id);
  }),

  /** Single readings of a class in some households that were made before. */
  forgetReadings: write(
    async (
      db,
      {
        householdIds,
        retain,
        before,
        limit,
      }: { householdIds: readonly string[]; retain: RetentionClass; before: number; limit: number },
    ) => {
      const old = db
        .selectFrom('reading')
        .select(['household_id', 'at', 'position'])
        .where('household_id', 'in', householdIds)
        .where('kind', 'in', kindsOf(retain))
        .where('at', '<', before)
        .limit(limit);
      const deleted = await db
        .deleteFrom('reading')
        .where(({ eb, refTuple }) =>
          eb(refTuple('household_id', 'at', 'position'), 'in', old.$asTuple('household_id', 'at', 'position')),
        )
        .executeTakeFirst();
      return Number(deleted.numDeletedRows);
    },
  ),

  /** Buckets of one size in some households that began before. */
  forgetRollups: write(
    async (
      db,
      {
        householdIds,
        size,
        before,
        limit,
      }: { householdIds: readonly string[]; size: number; before: number; limit: number },
    ) => {
      const old = db
        .selectFrom('rollup')
        .select(['household_id', 'kind', 'size', 'at', 'hub_id'])
        .where('household_id', 'in', householdIds)
        // All of them are named, so that the key finds the old ones without reading the others.
        .where('kind', 'in', readingKind.options)
        .where('size', '=', size)
        .where('at', '<', before)
        .limit(limit);
      const deleted = await db
        .deleteFrom('rollup')
        .where(({ eb, refTuple }) =>
          eb(
            refTuple('household_id', 'kind', 'size', 'at', 'hub_id'),
            'in',
            old.$asTuple('household_id', 'kind', 'size', 'at', 'hub_id'),
          ),
        )
        .executeTakeFirst();
      return Number(deleted.numDeletedRows);
    },
  ),

  /** How far every processor's last whole checkpoint has read each stream: nothing beyond it may go. */
  checkpointCuts: read(async (db, _: null): Promise<Record<string, number>> => {
    const rows = await db
      .selectFrom('checkpoint')
      .leftJoin('turn', (join) =>
        join.onRef('turn.processor', '=', 'checkpoint.processor').onRef('turn.number', '=', 'checkpoint.turn'),
      )
      .select('turn.cut')
      .execute();
    const cuts = rows.map((row): Record<string, number> => JSON.parse(row.cut ?? '{}'));
    const streams = new Set(cuts.flatMap((cut) => Object.keys(cut)));
    return Object.fromEntries([...streams].map((stream) => [stream, Math.min(...cuts.map((cut) => cut[stream] ?? 0))]));
  }),

  /** The oldest segments of a stream that were written before and hold nothing beyond `upTo`; never its last one. */
  forgetSegments: write(
    async (db, { stream, before, upTo, limit }: { stream: string; before: number; upTo: number; limit: number }) => {
      const oldest = await db
        .selectFrom('segment')
        .select(['first', 'count', 'at'])
        .where('stream', '=', stream)
        .orderBy('first')
        .limit(limit + 1)
        .execute();
      // Within a stream what follows is newer, and the one behind the last that goes is proof that it is not the stream's last.
      const kept = oldest.findIndex((row) => row.at >= before || row.first + row.count - 1 > upTo);
      const going = oldest.slice(0, Math.min(kept === -1 ? oldest.length : kept, oldest.length - 1));
      const last = going.at(-1);
      if (!last) return 0;
      await db.deleteFrom('segment').where('stream', '=', stream).where('first', '<=', last.first).execute();
      return going.length;
    },
  ),

  /** Logged turns from before the last whole checkpoint of their processor. */
  forgetTurns: write(async (db, { before, limit }: { before: number; limit: number }) => {
    let forgotten = 0;
    for (const { processor, turn } of await db.selectFrom('checkpoint').select(['processor', 'turn']).execute()) {
      const going = await db
        .selectFrom('turn')
        .select('number')
        .where('processor', '=', processor)
        .where('number', '<', turn)
        .where('at', '<', before)
        .orderBy('number')
        .limit(limit)
        .execute();
      const last = going.at(-1);
      if (!last) continue;
      await db.deleteFrom('turn').where('processor', '=', processor).where('number', '<=', last.number).execute();
      forgotten += going.length;
    }
    return forgotten;
  }),

  /** Null before the first look. */
  clockRun: read(async (db, _: null): Promise<ClockRun | null> => {
    const rows = await db.selectFrom('counter').selectAll().where('name', 'in', Object.values(RUN)).execute();
    const kept = (name: string): number | undefined => rows.find((row) => row.name === name)?.value;
    const [at, since] = [kept(RUN.at), kept(RUN.since)];
    return at === undefined || since === undefined ? null : { at, since };
  }),

  keepClockRun: write(async (db, { at, since }: ClockRun) => {
    await db
      .insertInto('counter')
      .values([
        { name: RUN.at, value: at },
        { name: RUN.since, value: since },
      ])
      .onConflict((conflict) => conflict.column('name').doUpdateSet((e) => ({ value: e.ref('excluded.value') })))
      .execute();
  }),

  /** How far a consumer of the journal has come, by its own name. */
  cutOf: read(async (db, { consumer }: { consumer: string }): Promise<Record<string, number>> => {
    const found = await db
      .selectFrom('household_state')
      .select('state')
      .where('household_id', '=', `consumer:${consumer}`)
      .executeTakeFirst();
    return JSON.parse(found?.state ?? '{}');
  }),

  keepCut: write(async (db, { consumer, cut }: { consumer: string; cut: Readonly<Record<string, number>> }) => {
    const state = JSON.stringify(cut);
    await db
      .insertInto('household_state')
      .values({ household_id: `consumer:${consumer}`, processor: `consumer:${consumer}`, turn: 0, state })
      .onConflict((conflict) => conflict.column('household_id').doUpdateSet({ state }))
      .execute();
  }),
};
