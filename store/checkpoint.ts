import type { DeviceClass } from '../domain/hub.ts';
import type { ReadingKind } from '../domain/reading.ts';
import { days } from '../domain/time.ts';
import { inBulk } from './batch.ts';
import { read, write } from './command.ts';
import { type HeldLease, holdFence } from './lease.ts';
import type { Db } from './schema.ts';

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
  /** Of movement in an hour: the minute of each, as one character (store/minutes.ts). */
  readonly minutes: string;
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
  readonly lease: HeldLease;
  readonly processor: string;
  readonly turn: number;
  readonly households: readonly KeptHousehold[];
  /** Set in the last part, with the processor's own document. */
  readonly complete: KeptState | null;
  /** Every hub's connection became unknown before this turn. */
  readonly linksUnknown: boolean;
};

/** Keeps documents and gives the names of those that were new: one that is of this turn already is not, and nothing that hangs on it is added again. */
async function keepStates(db: Db, processor: string, turn: number, states: readonly KeptState[]): Promise<Set<string>> {
  const kept = await inBulk(
    db,
    states.map(({ householdId, state }) => ({ household_id: householdId, processor, turn, state })),
    (rows) =>
      db
        .insertInto('household_state')
        .values([...rows])
        .onConflict((conflict) =>
          conflict
            .column('household_id')
            .doUpdateSet((e) => ({
              processor: e.ref('excluded.processor'),
              turn: e.ref('excluded.turn'),
              state: e.ref('excluded.state'),
            }))
            .whereRef('household_state.turn', '<', 'excluded.turn'),
        )
        .returning('household_id'),
  );
  return new Set(kept.map((row) => row.household_id));
}

async function addRollups(db: Db, rollups: readonly RollupDelta[]): Promise<void> {
  await inBulk(
    db,
    rollups.map(({ householdId, hubId, device, kind, size, at, n, sum, min, max, minutes }) => ({
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
      minutes,
    })),
    (rows) =>
      db
        .insertInto('rollup')
        .values([...rows])
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
            minutes: e('rollup.minutes', '||', e.ref('excluded.minutes')),
          })),
        ),
  );
}

/**
 * No reading is believed to be older on arrival (a month). One that stands so far ahead of the next was made by a clock that has been
 * set right since; it would be the latest until its time comes.
 */
const OLDEST_WORD_MS = days(31);

async function keepReadings(db: Db, readings: readonly KeptReading[], latest: readonly LatestReading[]): Promise<void> {
  await inBulk(
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
    (rows) =>
      db
        .insertInto('reading')
        .values([...rows])
        .onConflict((conflict) => conflict.columns(['household_id', 'at', 'position']).doNothing()),
  );
  await inBulk(
    db,
    latest.map(({ householdId, hubId, device, kind, value, at }) => ({
      household_id: householdId,
      hub_id: hubId,
      device,
      kind,
      value,
      at,
    })),
    (rows) =>
      db
        .insertInto('latest')
        .values([...rows])
        .onConflict((conflict) =>
          conflict
            .columns(['household_id', 'hub_id', 'device', 'kind'])
            .doUpdateSet((e) => ({ value: e.ref('excluded.value'), at: e.ref('excluded.at') }))
            .where((e) =>
              e.or([
                e('latest.at', '<=', e.ref('excluded.at')),
                e('latest.at', '>', e('excluded.at', '+', e.lit(OLDEST_WORD_MS))),
              ]),
            ),
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
          .where('device.name', '=', '')
          .where('device.room', '=', ''),
      )
      .execute();
  }
  await inBulk(
    db,
    hubs.map(({ hubId, householdId, connected, lastHeardAt }) => ({
      hub_id: hubId,
      household_id: householdId,
      connected: connected ? 1 : 0,
      last_heard_at: lastHeardAt,
    })),
    (rows) =>
      db
        .insertInto('hub_now')
        .values([...rows])
        .onConflict((conflict) =>
          conflict.column('hub_id').doUpdateSet((e) => ({
            connected: e.ref('excluded.connected'),
            last_heard_at: e.ref('excluded.last_heard_at'),
          })),
        ),
  );
}

export const checkpointCommands = {
  commitCheckpoint: write(async (db, { lease, processor, turn, households, complete, linksUnknown }: Checkpoint) => {
    await holdFence(db, lease);
    if (linksUnknown) await db.updateTable('hub_now').set({ connected: 0 }).where('connected', '=', 1).execute();
    const states = households.flatMap((household) => household.states);
    const kept = await keepStates(db, processor, turn, states);
    const fresh = households.filter((household) => household.states.every(({ householdId }) => kept.has(householdId)));
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
};
