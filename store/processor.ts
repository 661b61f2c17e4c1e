import type { Alert } from '../domain/alert.ts';
import type { Finding, Recovery } from '../domain/finding.ts';
import { type Household, type Resident, vitalLimits, watchSettings } from '../domain/household.ts';
import type { Device, DeviceClass, Hub } from '../domain/hub.ts';
import type { ReadingKind } from '../domain/reading.ts';
import { raiseFinding, recoverFinding } from './alert.ts';
import { eachRow } from './batch.ts';
import { read, write } from './command.ts';
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

export type LatestReading = Place & { readonly kind: ReadingKind; readonly value: number; readonly at: number };

/** A document that a processor goes on from: a household's state, or what else it names. */
export type KeptState = { readonly householdId: string; readonly state: string };

/** What a processor keeps of a household: all that has come of what it saw up to a turn. */
export type KeptHousehold = {
  /** Its state, and what belongs to it. */
  readonly states: readonly KeptState[];
  readonly rollups: readonly RollupDelta[];
  readonly readings: readonly KeptReading[];
  readonly latest: readonly LatestReading[];
  readonly devices: readonly (Place & { readonly class: DeviceClass })[];
  readonly hubs: readonly {
    readonly hubId: string;
    readonly householdId: string;
    readonly connected: boolean;
    readonly lastHeardAt: number;
  }[];
};

/**
 * What a processor keeps every few seconds: after a crash it goes on from here and replays the turns since. It is written in parts, so
 * that no group commit waits long behind it; each household is whole within a part, and the checkpoint counts with the last part.
 */
export type Checkpoint = {
  readonly processor: string;
  readonly turn: number;
  readonly households: readonly KeptHousehold[];
  /** Set in the last part, with the processor's own document. */
  readonly complete: KeptState | null;
  /** Every hub's connection became unknown before this turn. */
  readonly linksUnknown: boolean;
};

/** Keeps documents and says of each whether it was new: one that is of this turn already is not, and nothing that hangs on it is added again. */
const keepStates = (db: Db, processor: string, turn: number, states: readonly KeptState[]): Promise<boolean[]> =>
  eachRow(
    db,
    states.map(({ householdId, state }) => ({ household_id: householdId, processor, turn, state })),
    (row) =>
      db
        .insertInto('household_state')
        .values(row)
        .onConflict((conflict) =>
          conflict
            .column('household_id')
            .doUpdateSet((e) => ({
              processor: e.ref('excluded.processor'),
              turn: e.ref('excluded.turn'),
              state: e.ref('excluded.state'),
            }))
            .whereRef('household_state.turn', '<', 'excluded.turn'),
        ),
  );

async function addRollups(db: Db, rollups: readonly RollupDelta[]): Promise<void> {
  await eachRow(
    db,
    rollups.map(({ householdId, hubId, device, kind, size, at, n, sum, min, max }) => ({
      household_id: householdId,
      hub_id: hubId,
      device,
      kind,
      size,
      at,
      n,
      sum,
      min,
      max,
    })),
    (row) =>
      db
        .insertInto('rollup')
        .values(row)
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
        ),
  );
}

async function keepReadings(db: Db, readings: readonly KeptReading[], latest: readonly LatestReading[]): Promise<void> {
  await eachRow(
    db,
    readings.map(({ householdId, hubId, device, kind, value, at, position }) => ({
      household_id: householdId,
      hub_id: hubId,
      device,
      kind,
      value,
      at,
      position,
    })),
    (row) =>
      db
        .insertInto('reading')
        .values(row)
        .onConflict((conflict) => conflict.columns(['household_id', 'at', 'position']).doNothing()),
  );
  await eachRow(
    db,
    latest.map(({ householdId, hubId, device, kind, value, at }) => ({
      household_id: householdId,
      hub_id: hubId,
      device,
      kind,
      value,
      at,
    })),
    (row) =>
      db
        .insertInto('latest')
        .values(row)
        .onConflict((conflict) =>
          conflict
            .columns(['household_id', 'hub_id', 'device', 'kind'])
            .doUpdateSet((e) => ({ value: e.ref('excluded.value'), at: e.ref('excluded.at') }))
            .whereRef('latest.at', '<=', 'excluded.at'),
        ),
  );
}

async function keepHardware(db: Db, devices: KeptHousehold['devices'], hubs: KeptHousehold['hubs']): Promise<void> {
  for (const { householdId, hubId, device, class: deviceClass } of devices) {
    await db
      .insertInto('device')
      .values({ household_id: householdId, hub_id: hubId, key: device, name: '', room: '', class: deviceClass })
      // A device shows what it is by and by; what an installer said of it stands.
      .onConflict((conflict) =>
        conflict
          .columns(['household_id', 'hub_id', 'key'])
          .doUpdateSet({ class: deviceClass })
          .where('device.class', 'in', ['other', 'environment'])
          .where('device.name', '=', ''),
      )
      .execute();
  }
  await eachRow(
    db,
    hubs.map(({ hubId, householdId, connected, lastHeardAt }) => ({
      hub_id: hubId,
      household_id: householdId,
      connected: connected ? 1 : 0,
      last_heard_at: lastHeardAt,
    })),
    (row) =>
      db
        .insertInto('hub_now')
        .values(row)
        .onConflict((conflict) =>
          conflict.column('hub_id').doUpdateSet((e) => ({
            connected: e.ref('excluded.connected'),
            last_heard_at: e.ref('excluded.last_heard_at'),
          })),
        ),
  );
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
          links_since: turn.linksSince,
          cut: JSON.stringify(turn.cut),
        })
        // Asked again after a lost answer, it is the same turn.
        .onConflict((conflict) => conflict.columns(['processor', 'number']).doNothing())
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

  commitCheckpoint: write(async (db, { processor, turn, households, complete, linksUnknown }: Checkpoint) => {
    if (linksUnknown) await db.updateTable('hub_now').set({ connected: 0 }).where('connected', '=', 1).execute();
    const owners = households.flatMap((household) => household.states.map(() => household));
    const states = households.flatMap((household) => household.states);
    const isNew = await keepStates(db, processor, turn, states);
    const known = new Set(owners.filter((_, index) => !isNew[index]));
    const fresh = households.filter((household) => !known.has(household));
    await addRollups(
      db,
      fresh.flatMap((household) => household.rollups),
    );
    await keepReadings(
      db,
      fresh.flatMap((household) => household.readings),
      fresh.flatMap((household) => household.latest),
    );
    await keepHardware(
      db,
      fresh.flatMap((household) => household.devices),
      fresh.flatMap((household) => household.hubs),
    );
    if (!complete) return;
    await keepStates(db, processor, turn, [complete]);
    await db
      .insertInto('checkpoint')
      .values({ processor, turn })
      .onConflict((conflict) => conflict.column('processor').doUpdateSet({ turn }))
      .execute();
  }),

  /** The turn of a processor's last whole checkpoint; 0 before the first. */
  checkpointTurn: read(async (db, { processor }: { processor: string }) => {
    const found = await db
      .selectFrom('checkpoint')
      .select('turn')
      .where('processor', '=', processor)
      .executeTakeFirst();
    return found?.turn ?? 0;
  }),

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

  /** A processor's documents, a page at a time in the order of their names. One from a part of an unfinished checkpoint has a later turn. */
  keptStates: read(async (db, { processor, after, limit }: { processor: string; after: string; limit: number }) => {
    const rows = await db
      .selectFrom('household_state')
      .select(['household_id', 'turn', 'state'])
      .where('processor', '=', processor)
      .where('household_id', '>', after)
      .orderBy('household_id')
      .limit(limit)
      .execute();
    return rows.map((row) => ({ householdId: row.household_id, turn: row.turn, state: row.state }));
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
