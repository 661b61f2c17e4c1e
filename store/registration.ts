import { randomUUID } from 'node:crypto';
import type { Contact, Household, Resident } from '../domain/household.ts';
import type { Device, Hub } from '../domain/hub.ts';
import { inBulk } from './batch.ts';
import { contactRow, residentRow } from './belonging.ts';
import { write } from './command.ts';
import { hashOfKey, newKey } from './hub.ts';
import { slotOf } from './partition.ts';
import type { Tables } from './schema.ts';

/** A household with all that belongs to it, before anything of it has an id. */
export type Registration = {
  readonly stationId: string;
  readonly household: Omit<Household, 'id' | 'stationId'>;
  readonly residents: readonly Omit<Resident, 'id' | 'householdId'>[];
  readonly contacts: readonly Omit<Contact, 'id' | 'householdId'>[];
  readonly hub: Omit<Hub, 'id' | 'householdId' | 'createdAt'> | null;
  readonly devices: readonly Omit<Device, 'householdId' | 'hubId'>[];
};

type Credential = { readonly hubId: string; readonly clientId: string; readonly key: string };
type Registered = { readonly householdId: string; readonly credential: Credential | null };

type Rows = { readonly [T in 'household' | 'resident' | 'contact' | 'hub' | 'hub_key' | 'device']: Tables[T][] };

/** `revision` is the household's, and the one before it its hub's. */
function addRows(rows: Rows, registration: Registration, revision: number, now: number): Registered {
  const { stationId, household, residents, contacts, hub, devices } = registration;
  const householdId = randomUUID();
  const { name, address, latitude, longitude, access, mode } = household;
  rows.household.push({
    id: householdId,
    slot: slotOf(householdId),
    station_id: stationId,
    name,
    address,
    latitude,
    longitude,
    access,
    mode,
    settings: JSON.stringify(household.settings),
    plans: JSON.stringify(household.plans),
    revision,
  });
  rows.resident.push(...residents.map((it) => residentRow({ ...it, id: randomUUID(), householdId })));
  rows.contact.push(...contacts.map((it) => contactRow({ ...it, id: randomUUID(), householdId })));
  if (!hub) return { householdId, credential: null };

  const hubId = randomUUID();
  const key = newKey();
  const { clientId, ecosystem, power } = hub;
  rows.hub.push({
    id: hubId,
    household_id: householdId,
    client_id: clientId,
    ecosystem,
    power,
    created_at: now,
    revision: revision - 1,
  });
  rows.hub_key.push({ hub_id: hubId, hash: hashOfKey(key), created_at: now });
  rows.device.push(...devices.map((it) => ({ household_id: householdId, hub_id: hubId, ...it })));
  return { householdId, credential: { hubId, clientId, key } };
}

export const registrationCommands = {
  /** Registers all of them, or none: then the client identifiers that are taken, each with the index of its row. */
  register: write(async (db, { registrations, now }: { registrations: readonly Registration[]; now: number }) => {
    const clientIds = registrations.map(({ hub }) => hub?.clientId ?? null);
    const wanted = clientIds.filter((id) => id !== null);
    const existing =
      wanted.length === 0
        ? []
        : await db.selectFrom('hub').select('client_id').where('client_id', 'in', wanted).execute();
    const taken = new Set(existing.map((row) => row.client_id));
    const conflicts = clientIds.flatMap((clientId, index) => {
      if (clientId === null) return [];
      if (taken.has(clientId)) return [{ index, clientId }];
      taken.add(clientId);
      return [];
    });
    if (conflicts.length > 0) return { conflicts };

    const { value } = await db
      .updateTable('counter')
      .set((e) => ({ value: e('value', '+', 2 * registrations.length) }))
      .where('name', '=', 'registry')
      .returning('value')
      .executeTakeFirstOrThrow();
    const rows: Rows = { household: [], resident: [], contact: [], hub: [], hub_key: [], device: [] };
    const first = value - 2 * registrations.length;
    const registered = registrations.map((it, index) => addRows(rows, it, first + 2 * (index + 1), now));
    await inBulk(db, rows.household, (all) => db.insertInto('household').values([...all]));
    await inBulk(db, rows.resident, (all) => db.insertInto('resident').values([...all]));
    await inBulk(db, rows.contact, (all) => db.insertInto('contact').values([...all]));
    await inBulk(db, rows.hub, (all) => db.insertInto('hub').values([...all]));
    await inBulk(db, rows.hub_key, (all) => db.insertInto('hub_key').values([...all]));
    await inBulk(db, rows.device, (all) => db.insertInto('device').values([...all]));
    return { registered };
  }),
};
