import { randomUUID } from 'node:crypto';
import { type RawBuilder, sql } from 'kysely';
import { type Area, ROOT_AREA, SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import type { Place } from '../domain/scope.ts';
import type { User } from '../domain/user.ts';
import { read, write } from './command.ts';
import type { Db } from './schema.ts';

/** Where a user's role holds: an area and all below it, or one household. */
export type Scope = Pick<User, 'areaId' | 'householdId'>;

const below = (areaId: string | null): RawBuilder<string> => sql`(
  with recursive below(id) as (
    select id from area where id = ${areaId}
    union all select area.id from area join below on area.parent_id = below.id
  ) select id from below)`;

/** A condition on `household` in a statement: those that a scope covers. */
export function householdWithin({ areaId, householdId }: Scope): RawBuilder<boolean> {
  if (householdId !== null) return sql`household.id = ${householdId}`;
  return areaId === ROOT_AREA ? sql`1 = 1` : sql`household.station_id in ${below(areaId)}`;
}

/** The same for a column that holds a household: without looking at the households where the scope is everything. */
export const belongsWithin = (column: string, scope: Scope): RawBuilder<boolean> =>
  scope.areaId === ROOT_AREA
    ? sql`1 = 1`
    : sql`${sql.ref(column)} in (select household.id from household where ${householdWithin(scope)})`;

/** A condition on a column that holds an area: those at or below the scope's own; none for the scope of one household. */
export const areaWithin = (column: string, { areaId, householdId }: Scope): RawBuilder<boolean> =>
  sql`${sql.ref(column)} in ${below(householdId === null ? areaId : null)}`;

/** An area and those above it, from itself up to the root. */
export async function areasUp(db: Db, areaId: string): Promise<Area[]> {
  const { rows } = await sql<Area & { depth: number }>`
    with recursive up(id, kind, "parentId", name, depth) as (
      select id, kind, parent_id, name, 0 from area where id = ${areaId}
      union all select area.id, area.kind, area.parent_id, area.name, up.depth + 1 from area join up on area.id = up."parentId"
    ) select id, kind, "parentId", name, depth from up order by depth`.execute(db);
  return rows.map(({ depth: _, ...area }) => area);
}

/** A thing that stands somewhere, by its kind and id. */
export type Thing = {
  readonly kind: 'area' | 'station' | 'household' | 'alert' | 'hub' | 'user' | 'webhook';
  readonly id: string;
};

type Standing = { readonly areaId: string | null; readonly householdId: string | null };

const homeOf = (db: Db, id: string) =>
  db.selectFrom('household').select(['station_id as areaId', 'id as householdId']).where('id', '=', id);

async function standingOf(db: Db, { kind, id }: Thing): Promise<Standing | undefined> {
  switch (kind) {
    case 'area':
      return { areaId: id, householdId: null };
    case 'station': {
      const station = await db
        .selectFrom('area')
        .select('id as areaId')
        .where('id', '=', id)
        .where('kind', '=', 'station')
        .executeTakeFirst();
      return station && { ...station, householdId: null };
    }
    case 'household':
      // Shouwang itself is no home: whoever could change it could silence its incidents.
      return id === SYSTEM_HOUSEHOLD ? undefined : homeOf(db, id).executeTakeFirst();
    case 'alert':
    case 'hub':
      return db
        .selectFrom(kind)
        .innerJoin('household', 'household.id', `${kind}.household_id`)
        .select(['household.station_id as areaId', 'household.id as householdId'])
        .where(`${kind}.id`, '=', id)
        .executeTakeFirst();
    case 'user': {
      const user = await db
        .selectFrom('user_account')
        .select(['area_id as areaId', 'household_id as householdId'])
        .where('id', '=', id)
        .executeTakeFirst();
      return user?.householdId ? homeOf(db, user.householdId).executeTakeFirst() : user;
    }
    case 'webhook': {
      const found = await db.selectFrom('webhook').select('area_id as areaId').where('id', '=', id).executeTakeFirst();
      return found && { ...found, householdId: null };
    }
    default:
      return kind satisfies never;
  }
}

export const areaCommands = {
  /** Where each of these stands, in their order; null for what does not exist. */
  placesOf: read(async (db, { things }: { things: readonly Thing[] }) => {
    const chains = new Map<string, Promise<Area[]>>();
    const places: (Place | null)[] = [];
    for (const thing of things) {
      const standing = await standingOf(db, thing);
      const areaId = standing?.areaId;
      if (!standing || !areaId) {
        places.push(null);
        continue;
      }
      const chain = chains.get(areaId) ?? areasUp(db, areaId);
      chains.set(areaId, chain);
      const areaIds = (await chain).map((area) => area.id);
      places.push(areaIds.length === 0 ? null : { areaIds, householdId: standing.householdId });
    }
    return places;
  }),

  /** All areas, as far as it takes to know what stands below what. */
  areaParents: read(async (db, _: null) => db.selectFrom('area').select(['id', 'parent_id as parentId']).execute()),

  /** What a scope covers; for the scope of one household, the areas in which it lies. */
  areas: read(async (db, { scope }: { scope: Scope }): Promise<Area[]> => {
    if (scope.householdId !== null) {
      const home = await homeOf(db, scope.householdId).executeTakeFirst();
      return home ? areasUp(db, home.areaId) : [];
    }
    return db
      .selectFrom('area')
      .select(['id', 'kind', 'parent_id as parentId', 'name'])
      .where(areaWithin('area.id', scope))
      .orderBy('name')
      .execute();
  }),

  area: read(async (db, { id }: { id: string }): Promise<Area | null> => (await areasUp(db, id))[0] ?? null),

  addArea: write(async (db, { area }: { area: Omit<Area, 'id'> }): Promise<Area> => {
    const id = randomUUID();
    await db.insertInto('area').values({ id, kind: area.kind, parent_id: area.parentId, name: area.name }).execute();
    return { id, ...area };
  }),
};
