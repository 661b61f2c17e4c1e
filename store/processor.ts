import type { Alert } from '../domain/alert.ts';
import type { Finding, Recovery } from '../domain/finding.ts';
import { type Household, type Resident, vitalLimits, watchSettings } from '../domain/household.ts';
import type { Device, DeviceClass, Hub } from '../domain/hub.ts';
import type { ReadingKind } from '../domain/reading.ts';
import { raiseFinding, recoverFinding } from './alert.ts';
import { read, write } from './command.ts';
import type { Db } from './schema.ts';

/**
 * A turn of a processor: it has read every stream up to `cut`, and judged time at `at`. Logged together with what it concluded, so
 * that a replay takes the same steps. `watchingSince`: silence counts from here, not from before our own outage.
 */
export type Turn = {
  readonly number: number;
  readonly at: number;
  readonly watchingSince: number;
  readonly cut: Readonly<Record<string, number>>;
};

type Place = { readonly householdId: string; readonly hubId: string; readonly device: string };
/** A bucket of a series, to be added to what is there. `size` in seconds, `at` its beginning. */
export type RollupDelta = Place & {
  readonly kind: ReadingKind;
  readonly size: number;
  readonly at: number;
  readonly n: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
};
export type KeptReading = Place & {
  readonly kind: ReadingKind;
  readonly value: number;
  readonly at: number;
  readonly position: string;
};

/** What a processor keeps every few seconds, in one transaction: after a crash it goes on from here and replays the turns since. */
export type Checkpoint = {
  readonly processor: string;
  readonly turn: number;
  readonly states: readonly { readonly householdId: string; readonly state: string }[];
  readonly rollups: readonly RollupDelta[];
  readonly readings: readonly KeptReading[];
  readonly latest: readonly (Place & { readonly kind: ReadingKind; readonly value: number; readonly at: number })[];
  readonly devices: readonly (Place & { readonly class: DeviceClass })[];
  readonly hubs: readonly {
    readonly hubId: string;
    readonly householdId: string;
    readonly connected: boolean;
    readonly lastHeardAt: number;
  }[];
};

async function addRollups(db: Db, rollups: readonly RollupDelta[]): Promise<void> {
  for (const { householdId, hubId, ...delta } of rollups) {
    await db
      .insertInto('rollup')
      .values({ household_id: householdId, hub_id: hubId, ...delta })
      .onConflict((conflict) =>
        conflict.columns(['household_id', 'kind', 'size', 'at', 'hub_id', 'device']).doUpdateSet((e) => ({
          n: e('rollup.n', '+', e.ref('excluded.n')),
          sum: e('rollup.sum', '+', e.ref('excluded.sum')),
          min: e
            .case()
            .when('excluded.min', '<', e.ref('rollup.min'))
            .then(e.ref('excluded.min'))
            .else(e.ref('rollup.min'))
            .end(),
          max: e
            .case()
            .when('excluded.max', '>', e.ref('rollup.max'))
            .then(e.ref('excluded.max'))
            .else(e.ref('rollup.max'))
            .end(),
        })),
      )
      .execute();
  }
}

async function keepReadings(db: Db, { readings, latest, devices, hubs }: Checkpoint): Promise<void> {
  for (const { householdId, hubId, ...reading } of readings) {
    await db
      .insertInto('reading')
      .values({ household_id: householdId, hub_id: hubId, ...reading })
      .onConflict((conflict) => conflict.columns(['household_id', 'at', 'position']).doNothing())
      .execute();
  }
  for (const { householdId, hubId, ...last } of latest) {
    await db
      .insertInto('latest')
      .values({ household_id: householdId, hub_id: hubId, ...last })
      .onConflict((conflict) =>
        conflict.columns(['household_id', 'hub_id', 'device', 'kind']).doUpdateSet({ value: last.value, at: last.at }),
      )
      .execute();
  }
  for (const { householdId, hubId, device, class: deviceClass } of devices) {
    await db
      .insertInto('device')
      .values({ household_id: householdId, hub_id: hubId, key: device, name: '', room: '', class: deviceClass })
      .onConflict((conflict) => conflict.columns(['household_id', 'hub_id', 'key']).doNothing())
      .execute();
  }
  for (const { hubId, householdId, connected, lastHeardAt } of hubs) {
    const now = { connected: connected ? 1 : 0, last_heard_at: lastHeardAt };
    await db
      .insertInto('hub_now')
      .values({ hub_id: hubId, household_id: householdId, ...now })
      .onConflict((conflict) => conflict.column('hub_id').doUpdateSet(now))
      .execute();
  }
}

/** What rules must know of a household, besides what they have seen. */
export type WatchedHousehold = {
  readonly householdId: string;
  readonly mode: Household['mode'];
  readonly settings: Household['settings'];
  readonly residents: readonly Pick<Resident, 'id' | 'limits'>[];
  readonly hubs: readonly Pick<Hub, 'id' | 'power' | 'ecosystem'>[];
  readonly devices: readonly Pick<Device, 'hubId' | 'key' | 'name' | 'room' | 'class'>[];
};

export const processorCommands = {
  /** Alerts that the turn opened or added to. */
  commitTurn: write(
    async (
      db,
      {
        processor,
        turn,
        findings,
        recoveries,
      }: { processor: string; turn: Turn; findings: readonly Finding[]; recoveries: readonly Recovery[] },
    ) => {
      await db
        .insertInto('turn')
        .values({
          processor,
          number: turn.number,
          at: turn.at,
          watching_since: turn.watchingSince,
          cut: JSON.stringify(turn.cut),
        })
        .execute();
      const raised: Pick<Alert, 'id' | 'householdId'>[] = [];
      for (const finding of findings) {
        const alert = await raiseFinding(db, finding, turn.at);
        if (alert) raised.push({ id: alert.id, householdId: alert.householdId });
      }
      for (const recovery of recoveries) await recoverFinding(db, recovery, turn.at);
      return raised;
    },
  ),

  commitCheckpoint: write(async (db, checkpoint: Checkpoint) => {
    const { processor, turn, states } = checkpoint;
    await db
      .insertInto('checkpoint')
      .values({ processor, turn })
      .onConflict((conflict) => conflict.column('processor').doUpdateSet({ turn }))
      .execute();
    for (const { householdId, state } of states) {
      await db
        .insertInto('household_state')
        .values({ household_id: householdId, processor, turn, state })
        .onConflict((conflict) => conflict.column('household_id').doUpdateSet({ processor, turn, state }))
        .execute();
    }
    await addRollups(db, checkpoint.rollups);
    await keepReadings(db, checkpoint);
  }),

  /** Where a processor goes on: its last checkpoint, the states kept up to it, and the turns logged since. */
  resumeProcessor: read(async (db, { processor }: { processor: string }) => {
    const checkpoint = await db
      .selectFrom('checkpoint')
      .select('turn')
      .where('processor', '=', processor)
      .executeTakeFirst();
    const states = await db
      .selectFrom('household_state')
      .select(['household_id', 'state'])
      .where('processor', '=', processor)
      .execute();
    const start = checkpoint?.turn ?? 0;
    const turns = await db
      .selectFrom('turn')
      .select(['number', 'at', 'watching_since', 'cut'])
      .where('processor', '=', processor)
      .where('number', '>=', start)
      .orderBy('number')
      .execute();
    return {
      checkpointTurn: start,
      states: states.map((row) => ({ householdId: row.household_id, state: row.state })),
      turns: turns.map(
        (row): Turn => ({
          number: row.number,
          at: row.at,
          watchingSince: row.watching_since,
          cut: JSON.parse(row.cut),
        }),
      ),
    };
  }),

  /** Households changed since a revision of the registry (0: all), with what belongs to them, and the revision reached. */
  householdsSince: read(async (db, { revision, limit }: { revision: number; limit: number }) => {
    const rows = await db
      .selectFrom('household')
      .select(['id', 'mode', 'settings', 'revision'])
      .where('revision', '>', revision)
      .orderBy('revision')
      .limit(limit)
      .execute();
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
