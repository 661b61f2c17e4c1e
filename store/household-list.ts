import { type SqlBool, sql } from 'kysely';
import { SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import { householdWithin, type Scope } from './area.ts';
import { read } from './command.ts';
import type { Db } from './schema.ts';

/** What is typed into a search, as a pattern that matches it literally, anywhere. */
const containing = (search: string): string => `%${search.replace(/[\\%_]/g, '\\$&')}%`;
/** Both made small by the engine: SQLite knows no small letters but those of ASCII. */
const matches = (column: string, pattern: string) =>
  sql<SqlBool>`lower(${sql.ref(column)}) like lower(${pattern}) escape '\\'`;

function found(db: Db, scope: Scope, search: string) {
  const all = db.selectFrom('household').where('household.id', '<>', SYSTEM_HOUSEHOLD).where(householdWithin(scope));
  if (search === '') return all;
  const pattern = containing(search);
  return all.where((e) =>
    e.or([
      matches('household.name', pattern),
      matches('household.address', pattern),
      e(
        'household.id',
        'in',
        e.selectFrom('resident').select('resident.household_id').where(matches('resident.name', pattern)),
      ),
    ]),
  );
}

async function residentNames(db: Db, ids: readonly string[]): Promise<(id: string) => string[]> {
  if (ids.length === 0) return () => [];
  const people = await db
    .selectFrom('resident')
    .select(['household_id', 'name'])
    .where('household_id', 'in', ids)
    .orderBy('name')
    .execute();
  const names = Map.groupBy(people, (row) => row.household_id);
  return (id) => (names.get(id) ?? []).map(({ name }) => name);
}

export const householdListCommands = {
  /** A page of the households that a scope covers, by name. */
  households: read(
    async (db, { scope, search, limit, offset }: { scope: Scope; search: string; limit: number; offset: number }) => {
      const all = found(db, scope, search.trim());
      const { n } = await all.select((e) => e.fn.countAll<number>().as('n')).executeTakeFirstOrThrow();
      const page = await all
        .leftJoin('area', 'area.id', 'household.station_id')
        .select((e) => [
          'household.id',
          'household.name',
          'household.address',
          'household.mode',
          'household.station_id as stationId',
          'area.name as stationName',
          e
            .selectFrom('alert')
            .select((a) => a.fn.countAll<number>().as('n'))
            .whereRef('alert.household_id', '=', 'household.id')
            .where('alert.state', '<>', sql.lit('closed'))
            .as('openAlerts'),
          e
            .selectFrom('hub')
            .innerJoin('hub_now', 'hub_now.hub_id', 'hub.id')
            .select((h) => h.fn.max('hub_now.last_heard_at').as('at'))
            .whereRef('hub.household_id', '=', 'household.id')
            .as('lastHeardAt'),
        ])
        .orderBy('household.name')
        .orderBy('household.id')
        .limit(limit)
        .offset(offset)
        .execute();
      const names = await residentNames(
        db,
        page.map((row) => row.id),
      );
      const households = page.map((row) => ({
        ...row,
        stationName: row.stationName ?? '',
        openAlerts: Number(row.openAlerts),
        residents: names(row.id),
      }));
      return { households, total: Number(n) };
    },
  ),
};
