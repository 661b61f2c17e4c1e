import { sql } from 'kysely';
import {
  type Area,
  type Contact,
  type Household,
  type Pause,
  type Resident,
  resident,
  watchSettings,
} from '../domain/household.ts';
import { type Device, type Hub, supervision } from '../domain/hub.ts';
import { planOverrides } from '../domain/plan.ts';
import { factsOf, type ReadingKind } from '../domain/reading.ts';
import { areasUp } from './area.ts';
import { read, write } from './command.ts';
import { nextRevision } from './hub.ts';
import { namedAlerts, type QueuedAlert, queuedAlertOf } from './queue.ts';
import type { Db, Tables } from './schema.ts';

export const householdOf = (row: Tables['household']): Household => ({
  id: row.id,
  stationId: row.station_id,
  name: row.name,
  address: row.address,
  latitude: row.latitude,
  longitude: row.longitude,
  access: row.access,
  mode: row.mode,
  settings: watchSettings.parse(JSON.parse(row.settings)),
  plans: planOverrides.parse(JSON.parse(row.plans)),
});

/** What a value means: kinds that are not measures are true or false. */
export const asRead = (kind: ReadingKind, value: number): boolean | number =>
  factsOf(kind).shape === 'measure' ? value : value !== 0;

/** Whoever watches a household must know that it, or what belongs to it, is no longer as it was. */
export async function householdChanged(db: Db, id: string): Promise<void> {
  await db
    .updateTable('household')
    .set({ revision: await nextRevision(db) })
    .where('id', '=', id)
    .execute();
}

export type HouseholdChange = { readonly [K in keyof Omit<Household, 'id' | 'stationId'>]?: Household[K] | undefined };

async function hubsNow(db: Db, householdId: string) {
  const rows = await db
    .selectFrom('hub')
    .leftJoin('hub_now', 'hub_now.hub_id', 'hub.id')
    .selectAll('hub')
    .select((e) => [
      'hub_now.connected',
      'hub_now.last_heard_at',
      e
        .selectFrom('hub_key')
        .select((k) => k.fn.countAll<number>().as('n'))
        .whereRef('hub_key.hub_id', '=', 'hub.id')
        .as('active_keys'),
    ])
    .where('hub.household_id', '=', householdId)
    .orderBy('hub.created_at')
    .execute();
  return rows.map((row): Hub & { connected: boolean; lastHeardAt: number | null; activeKeys: number } => ({
    id: row.id,
    householdId: row.household_id,
    clientId: row.client_id,
    ecosystem: row.ecosystem,
    power: row.power,
    createdAt: row.created_at,
    connected: row.connected === 1,
    lastHeardAt: row.last_heard_at,
    activeKeys: Number(row.active_keys),
  }));
}

type LastReading = { readonly kind: ReadingKind; readonly value: boolean | number; readonly at: number };
export type DeviceNow = Device & {
  readonly lastHeardAt: number | null;
  readonly state: 'heard' | 'lost' | 'never_heard';
  readonly battery: number | null;
  readonly last: LastReading[];
};

async function devicesNow(db: Db, householdId: string, now: number): Promise<DeviceNow[]> {
  const of = { household_id: householdId };
  const rows = await db
    .selectFrom('device')
    .selectAll()
    .where((e) => e.and(of))
    .orderBy('room')
    .orderBy('key')
    .execute();
  const latest = await db
    .selectFrom('latest')
    .selectAll()
    .where((e) => e.and(of))
    .orderBy('at', 'desc')
    .execute();
  const byDevice = Map.groupBy(latest, (row) => `${row.hub_id}/${row.device}`);
  return rows.map((row) => {
    const last = byDevice.get(`${row.hub_id}/${row.key}`) ?? [];
    const lastHeardAt = last[0]?.at ?? null;
    const silenceMs = supervision.device[row.class];
    const lost = lastHeardAt !== null && silenceMs !== null && now - lastHeardAt > silenceMs;
    return {
      householdId,
      hubId: row.hub_id,
      key: row.key,
      name: row.name,
      room: row.room,
      class: row.class,
      lastHeardAt,
      state: lastHeardAt === null ? 'never_heard' : lost ? 'lost' : 'heard',
      battery: last.find(({ kind }) => kind === 'battery')?.value ?? null,
      last: last.map(({ kind, value, at }) => ({ kind, value: asRead(kind, value), at })),
    };
  });
}

async function alertsOf(
  db: Db,
  householdId: string,
  which: 'unclosed' | 'closed',
  limit: number,
): Promise<QueuedAlert[]> {
  const rows = await namedAlerts(db)
    .where('alert.household_id', '=', householdId)
    .where('alert.state', which === 'closed' ? '=' : '<>', sql.lit('closed'))
    .orderBy(which === 'closed' ? 'alert.raised_at' : 'alert.priority', which === 'closed' ? 'desc' : 'asc')
    .limit(limit)
    .execute();
  return rows.map(queuedAlertOf);
}

const residentsOf = async (db: Db, householdId: string): Promise<Resident[]> => {
  const rows = await db
    .selectFrom('resident')
    .selectAll()
    .where('household_id', '=', householdId)
    .orderBy('name')
    .execute();
  return rows.map((row) =>
    resident.parse({
      id: row.id,
      householdId: row.household_id,
      name: row.name,
      birthYear: row.birth_year,
      sex: row.sex,
      notes: row.notes,
      limits: JSON.parse(row.limits),
    }),
  );
};

const contactsOf = (db: Db, householdId: string): Promise<Contact[]> =>
  db
    .selectFrom('contact')
    .select(['id', 'household_id as householdId', 'name', 'relation', 'phone', 'rank'])
    .where('household_id', '=', householdId)
    .orderBy('rank')
    .execute();

const pausesOf = async (db: Db, householdId: string, now: number): Promise<Pause[]> => {
  const rows = await db
    .selectFrom('pause')
    .selectAll()
    .where('household_id', '=', householdId)
    .where('to_at', '>', now)
    .orderBy('from_at')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    householdId: row.household_id,
    kind: row.kind as Pause['kind'],
    fromAt: row.from_at,
    toAt: row.to_at,
    reason: row.reason,
  }));
};

const LAST_ALERTS = 20;

export const householdCommands = {
  /** A household with all that belongs to it, as things are now; null when there is none. How to get in is not part of it. */
  householdFile: read(async (db, { id, now }: { id: string; now: number }) => {
    const row = await db.selectFrom('household').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) return null;
    const areas: Area[] = await areasUp(db, row.station_id);
    return {
      household: { ...householdOf(row), access: row.access === '' ? ('' as const) : ('masked' as const) },
      areas: areas.toReversed().map(({ kind, name }) => ({ kind, name })),
      residents: await residentsOf(db, id),
      contacts: await contactsOf(db, id),
      pauses: await pausesOf(db, id, now),
      hubs: await hubsNow(db, id),
      devices: await devicesNow(db, id, now),
      openAlerts: await alertsOf(db, id, 'unclosed', 100),
      lastAlerts: await alertsOf(db, id, 'closed', LAST_ALERTS),
    };
  }),

  accessTo: read(async (db, { id }: { id: string }) => {
    const row = await db.selectFrom('household').select('access').where('id', '=', id).executeTakeFirst();
    return row?.access ?? null;
  }),

  changeHousehold: write(async (db, { id, change }: { id: string; change: HouseholdChange }) => {
    const { settings, plans, ...plain } = change;
    await db
      .updateTable('household')
      .set({
        ...plain,
        ...(settings && { settings: JSON.stringify(settings) }),
        ...(plans && { plans: JSON.stringify(plans) }),
        revision: await nextRevision(db),
      })
      .where('id', '=', id)
      .execute();
    if (change.mode === undefined) return;
    // The front door knows a hub by its own revision, and a household's mode decides what it does with what the hub says.
    const hubs = await db.selectFrom('hub').select('id').where('household_id', '=', id).execute();
    for (const hub of hubs) {
      await db
        .updateTable('hub')
        .set({ revision: await nextRevision(db) })
        .where('id', '=', hub.id)
        .execute();
    }
  }),
};
