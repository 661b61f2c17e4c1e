import { sql } from 'kysely';
import { type Household, type Resident, vitalLimits, watchSettings } from '../domain/household.ts';
import type { Device, Hub } from '../domain/hub.ts';
import { read } from './command.ts';
import type { Partition } from './partition.ts';

/** What rules must know of a household, besides what they have seen. */
export type WatchedHousehold = {
  readonly householdId: string;
  readonly mode: Household['mode'];
  readonly settings: Household['settings'];
  readonly residents: readonly Pick<Resident, 'id' | 'limits'>[];
  readonly hubs: readonly Pick<Hub, 'id' | 'power' | 'ecosystem'>[];
  readonly devices: readonly Pick<Device, 'hubId' | 'key' | 'name' | 'room' | 'class'>[];
};

type HouseholdsAsked = { readonly revision: number; readonly limit: number; readonly partition?: Partition };

export const watchedHouseholdCommands = {
  /**
   * Households changed since a revision of the registry (0: all), with what belongs to them, and the revision reached. Of one partition,
   * where one is named.
   */
  householdsSince: read(async (db, { revision, limit, partition }: HouseholdsAsked) => {
    let changed = db
      .selectFrom('household')
      .select(['id', 'mode', 'settings', 'revision'])
      .where('revision', '>', revision)
      .orderBy('revision')
      .limit(limit);
    if (partition && partition.of > 1) {
      changed = changed.where(sql`${sql.ref('slot')} % ${sql.lit(partition.of)}`, '=', partition.number);
    }
    const rows = await changed.execute();
    if (rows.length === 0) return { households: [], revision };
    const ids = rows.map((row) => row.id);
    const of = async <T extends { household_id: string }>(query: Promise<T[]>): Promise<Map<string, T[]>> =>
      Map.groupBy(await query, (row) => row.household_id);
    const residents = await of(
      db.selectFrom('resident').select(['id', 'household_id', 'limits']).where('household_id', 'in', ids).execute(),
    );
    const hubs = await of(
      db
        .selectFrom('hub')
        .select(['id', 'household_id', 'power', 'ecosystem'])
        .where('household_id', 'in', ids)
        .execute(),
    );
    const devices = await of(db.selectFrom('device').selectAll().where('household_id', 'in', ids).execute());
    const households = rows.map(
      (row): WatchedHousehold => ({
        householdId: row.id,
        mode: row.mode,
        settings: watchSettings.parse(JSON.parse(row.settings)),
        residents: (residents.get(row.id) ?? []).map((r) => ({
          id: r.id,
          limits: vitalLimits.parse(JSON.parse(r.limits)),
        })),
        hubs: (hubs.get(row.id) ?? []).map(({ id, power, ecosystem }) => ({ id, power, ecosystem })),
        devices: (devices.get(row.id) ?? []).map((d) => ({
          hubId: d.hub_id,
          key: d.key,
          name: d.name,
          room: d.room,
          class: d.class,
        })),
      }),
    );
    return { households, revision: rows.at(-1)?.revision ?? revision };
  }),
};
