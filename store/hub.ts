import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { HouseholdMode } from '../domain/household.ts';
import type { Ecosystem, Hub } from '../domain/hub.ts';
import type { Catalogue } from '../domain/reading.ts';
import { read, write } from './command.ts';
import { slotOf } from './partition.ts';
import type { Db } from './schema.ts';

/** What the front door must know of a hub to let it in and to read it. */
export type AdmittedHub = {
  readonly hubId: string;
  readonly householdId: string;
  /** The household's, which the journal keeps with each of its entries. */
  readonly slot: number;
  readonly clientId: string;
  readonly ecosystem: Ecosystem;
  readonly power: Hub['power'];
  readonly mode: HouseholdMode;
  /** SHA-256 of the active keys, hex; none when all are revoked. */
  readonly keyHashes: readonly string[];
  readonly catalogue: Catalogue | null;
  /** What people call the devices that may raise an emergency, by their keys; who is not in it has no name yet. */
  readonly names: ReadonlyMap<string, { readonly name: string; readonly room: string }>;
};

export const hashOfKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/** 256 random bits, as the hub's password. */
export const newKey = (): string => randomBytes(32).toString('base64url');

/** Whoever looks for changes of the registry sees this one; the counter's row lock puts the changes in order. */
export async function nextRevision(db: Db): Promise<number> {
  const counted = await db
    .updateTable('counter')
    .set((e) => ({ value: e('value', '+', 1) }))
    .where('name', '=', 'registry')
    .returning('value')
    .executeTakeFirstOrThrow();
  return counted.value;
}

const ACTIVE_KEYS = 2;

export async function addKey(db: Db, hubId: string, now: number): Promise<string> {
  const key = newKey();
  await db
    .insertInto('hub_key')
    .values({ hub_id: hubId, hash: hashOfKey(key), created_at: now })
    .execute();
  return key;
}

/** The front door must know of this hub anew. */
export async function hubChanged(db: Db, hubId: string): Promise<void> {
  await db
    .updateTable('hub')
    .set({ revision: await nextRevision(db) })
    .where('id', '=', hubId)
    .execute();
}

export async function insertHub(
  db: Db,
  hub: { householdId: string; clientId: string; ecosystem: Ecosystem; power: Hub['power'] },
  now: number,
): Promise<{ hubId: string; key: string }> {
  const hubId = randomUUID();
  await db
    .insertInto('hub')
    .values({
      id: hubId,
      household_id: hub.householdId,
      client_id: hub.clientId,
      ecosystem: hub.ecosystem,
      power: hub.power,
      created_at: now,
      revision: await nextRevision(db),
    })
    .execute();
  return { hubId, key: await addKey(db, hubId, now) };
}

/** By their ids: a hub that changes between two statements has a later revision by then, and would be seen without its keys. */
async function keysOf(db: Db, hubIds: readonly string[]) {
  const rows = await db.selectFrom('hub_key').select(['hub_id', 'hash']).where('hub_id', 'in', hubIds).execute();
  return Map.groupBy(rows, (row) => row.hub_id);
}

/** Of emergency buttons and alarms only: six names a home would be a hundred megabytes in a large city. */
async function namesOf(db: Db, hubIds: readonly string[]) {
  const rows = await db
    .selectFrom('hub')
    .innerJoin('device', (join) =>
      join.onRef('device.household_id', '=', 'hub.household_id').onRef('device.hub_id', '=', 'hub.id'),
    )
    .select(['device.hub_id', 'device.key', 'device.name', 'device.room'])
    .where('hub.id', 'in', hubIds)
    .where('device.class', 'in', ['emergency_button', 'alarm'])
    .where((e) => e.or([e('device.name', '<>', ''), e('device.room', '<>', '')]))
    .execute();
  return Map.groupBy(rows, (row) => row.hub_id);
}

export const hubCommands = {
  /** Hubs changed since a revision (0: all), and the revision reached: the front door asks again from there. */
  hubsSince: read(async (db, { revision, limit }: { revision: number; limit: number }) => {
    const rows = await db
      .selectFrom('hub')
      .innerJoin('household', 'household.id', 'hub.household_id')
      .leftJoin('hub_catalogue', 'hub_catalogue.hub_id', 'hub.id')
      .select([
        'hub.id',
        'hub.household_id',
        'hub.client_id',
        'hub.ecosystem',
        'hub.power',
        'hub.revision',
        'household.mode',
        'hub_catalogue.catalogue',
      ])
      .where('hub.revision', '>', revision)
      .orderBy('hub.revision')
      .limit(limit)
      .execute();
    if (rows.length === 0) return { hubs: [], revision };
    const hubIds = rows.map((row) => row.id);
    const keys = await keysOf(db, hubIds);
    const names = await namesOf(db, hubIds);
    const hubs = rows.map(
      (row): AdmittedHub => ({
        hubId: row.id,
        householdId: row.household_id,
        slot: slotOf(row.household_id),
        clientId: row.client_id,
        ecosystem: row.ecosystem,
        power: row.power,
        mode: row.mode,
        keyHashes: (keys.get(row.id) ?? []).map((key) => key.hash),
        catalogue: row.catalogue === null ? null : JSON.parse(row.catalogue),
        names: new Map((names.get(row.id) ?? []).map(({ key, name, room }) => [key, { name, room }])),
      }),
    );
    return { hubs, revision: rows.at(-1)?.revision ?? revision };
  }),

  /** A second active key for a hub, so that it can be changed over; null when there is no such hub. With two active the older one ends. */
  addHubKey: write(async (db, { hubId, now }: { hubId: string; now: number }) => {
    const hub = await db.selectFrom('hub').select('client_id').where('id', '=', hubId).executeTakeFirst();
    if (!hub) return null;
    const keys = await db
      .selectFrom('hub_key')
      .select('hash')
      .where('hub_id', '=', hubId)
      .orderBy('created_at')
      .execute();
    for (const { hash } of keys.slice(0, Math.max(0, keys.length - ACTIVE_KEYS + 1))) {
      await db.deleteFrom('hub_key').where('hub_id', '=', hubId).where('hash', '=', hash).execute();
    }
    const key = await addKey(db, hubId, now);
    await hubChanged(db, hubId);
    return { hubId, clientId: hub.client_id, key };
  }),

  /** Ends the older key of a hub, or its only one: its connection closes within a second. False when it had none. */
  revokeOldestKey: write(async (db, { hubId }: { hubId: string }) => {
    const oldest = await db
      .selectFrom('hub_key')
      .select('hash')
      .where('hub_id', '=', hubId)
      .orderBy('created_at')
      .limit(1)
      .executeTakeFirst();
    if (!oldest) return false;
    await db.deleteFrom('hub_key').where('hub_id', '=', hubId).where('hash', '=', oldest.hash).execute();
    await hubChanged(db, hubId);
    return true;
  }),
};
