import { factsOf, type ReadingKind, readingKind } from '../domain/reading.ts';
import { read } from './command.ts';
import { asRead } from './household.ts';

/** What happened, not how it was: every motion would hide the rest. */
const told = readingKind.options.filter((kind) => {
  const { retain, shape } = factsOf(kind);
  return retain === 'event' || retain === 'vital' || (retain === 'technical' && shape === 'state');
});

/** More points than a screen has; a longer time is asked for in larger buckets. */
const POINTS = 20_000;

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
      const table = size === 0 ? ('reading' as const) : ('rollup' as const);
      const rooms = await db
        .selectFrom('device')
        .select(['hub_id', 'key', 'room'])
        .where('household_id', '=', householdId)
        .execute();
      const room = new Map(rooms.map((row) => [`${row.hub_id}/${row.key}`, row.room]));
      const points =
        table === 'reading'
          ? await db
              .selectFrom('reading')
              .select(['at', 'hub_id', 'device', 'value as mean', 'value as min', 'value as max'])
              .where('household_id', '=', householdId)
              .where('kind', '=', kind)
              .where('at', '>=', from)
              .where('at', '<', to)
              .orderBy('at')
              .limit(POINTS)
              .execute()
              .then((rows) => rows.map((row) => ({ ...row, n: 1 })))
          : await db
              .selectFrom('rollup')
              .select((e) => ['at', 'hub_id', 'device', 'n', 'min', 'max', e('sum', '/', e.ref('n')).as('mean')])
              .where('household_id', '=', householdId)
              .where('kind', '=', kind)
              .where('size', '=', size)
              .where('at', '>=', from)
              .where('at', '<', to)
              .orderBy('at')
              .limit(POINTS)
              .execute();
      return points.map(({ hub_id, ...point }) => ({ ...point, room: room.get(`${hub_id}/${point.device}`) ?? '' }));
    },
  ),
};
