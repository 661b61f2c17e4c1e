import { sql } from 'kysely';
import { factsOf, type ReadingKind, readingKind } from '../domain/reading.ts';
import { read } from './command.ts';
import { asRead } from './household.ts';
import { minutesIn } from './minutes.ts';
import type { Db } from './schema.ts';

/** What happened, not how it was: every motion would hide the rest. */
const told = readingKind.options.filter((kind) => {
  const { retain, shape } = factsOf(kind);
  return retain === 'event' || retain === 'vital' || (retain === 'technical' && shape === 'state');
});

/** More points than a screen has; a longer time is asked for in larger buckets. */
const POINTS = 20_000;

const MINUTE = 60;
const HOUR = 3_600;
const MINUTE_MS = 60_000;

type Wanted = { readonly householdId: string; readonly kind: ReadingKind; readonly from: number; readonly to: number };

const readings = (db: Db, { householdId, kind, from, to }: Wanted) =>
  db
    .selectFrom('reading')
    .where('household_id', '=', householdId)
    .where('kind', '=', kind)
    .where('at', '>=', from)
    .where('at', '<', to)
    .limit(POINTS);

const single = (db: Db, wanted: Wanted) =>
  readings(db, wanted)
    .select((e) => ['at', 'hub_id', 'device', e.lit(1).as('n'), 'value as mean', 'value as min', 'value as max'])
    .orderBy('at')
    .execute();

/** Where each reading is kept, no minutes are: they are counted when somebody asks. */
async function countedMinutes(db: Db, wanted: Wanted) {
  const minute = sql<number>`at - at % ${sql.lit(MINUTE_MS)}`;
  const rows = await readings(db, wanted)
    .select((e) => [
      minute.as('at'),
      'hub_id',
      'device',
      e.fn.countAll<number>().as('n'),
      e.fn.avg<number>('value').as('mean'),
      e.fn.min('value').as('min'),
      e.fn.max('value').as('max'),
    ])
    .groupBy([minute, 'hub_id', 'device'])
    .orderBy(minute)
    .execute();
  return rows.map((row) => ({ ...row, n: Number(row.n), mean: Number(row.mean) }));
}

/** Movement's minutes stand in its hours. */
async function movedMinutes(db: Db, wanted: Wanted) {
  const hours = await db
    .selectFrom('rollup')
    .select(['at', 'hub_id', 'device', 'minutes'])
    .where('household_id', '=', wanted.householdId)
    .where('kind', '=', wanted.kind)
    .where('size', '=', HOUR)
    .where('at', '>', wanted.from - HOUR * 1_000)
    .where('at', '<', wanted.to)
    .orderBy('at')
    .limit(POINTS)
    .execute();
  return hours
    .flatMap(({ at, hub_id, device, minutes }) =>
      [...minutesIn(minutes)].map(([minute, n]) => ({
        ...{ at: at + minute * MINUTE_MS, hub_id, device, n, mean: 1, min: 1, max: 1 },
      })),
    )
    .filter(({ at }) => at >= wanted.from && at < wanted.to)
    .sort((a, b) => a.at - b.at)
    .slice(0, POINTS);
}

function points(db: Db, wanted: Wanted, size: number) {
  if (size === 0) return single(db, wanted);
  if (size !== MINUTE) return buckets(db, wanted, size);
  return factsOf(wanted.kind).retain === 'activity' ? movedMinutes(db, wanted) : countedMinutes(db, wanted);
}

const buckets = (db: Db, { householdId, kind, from, to }: Wanted, size: number) =>
  db
    .selectFrom('rollup')
    .select((e) => ['at', 'hub_id', 'device', 'n', e('sum', '/', e.ref('n')).as('mean'), 'min', 'max'])
    .where('household_id', '=', householdId)
    .where('kind', '=', kind)
    .where('size', '=', size)
    .where('at', '>=', from)
    .where('at', '<', to)
    .orderBy('at')
    .limit(POINTS)
    .execute();

export const seriesCommands = {
  /** What happened in a home before a moment, latest first, with the words for where. */
  timeline: read(async (db, { householdId, before, limit }: { householdId: string; before: number; limit: number }) => {
    const rows = await db
      .selectFrom('reading')
      .leftJoin('device', (join) =>
        join
          .onRef('device.household_id', '=', 'reading.household_id')
          .onRef('device.hub_id', '=', 'reading.hub_id')
          .onRef('device.key', '=', 'reading.device'),
      )
      .select(['reading.at', 'reading.device', 'reading.kind', 'reading.value', 'device.name', 'device.room'])
      .where('reading.household_id', '=', householdId)
      .where('reading.at', '<', before)
      .where('reading.kind', 'in', told)
      .orderBy('reading.at', 'desc')
      .orderBy('reading.position', 'desc')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      at: row.at,
      device: row.device,
      deviceName: row.name ?? '',
      room: row.room ?? '',
      kind: row.kind,
      value: asRead(row.kind, row.value),
    }));
  }),

  /** A kind's points in [from, to): buckets of `size` seconds, or the readings themselves (0). */
  series: read(
    async (
      db,
      {
        householdId,
        kind,
        from,
        to,
        size,
      }: { householdId: string; kind: ReadingKind; from: number; to: number; size: number },
    ) => {
      const rooms = await db
        .selectFrom('device')
        .select(['hub_id', 'key', 'room'])
        .where('household_id', '=', householdId)
        .execute();
      const room = new Map(rooms.map((row) => [`${row.hub_id}/${row.key}`, row.room]));
      const found = await points(db, { householdId, kind, from, to }, size);
      return found.map(({ hub_id, ...point }) => ({ ...point, room: room.get(`${hub_id}/${point.device}`) ?? '' }));
    },
  ),
};
