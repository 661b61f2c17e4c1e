import { randomUUID } from 'node:crypto';
import type { Contact, Pause, Resident } from '../domain/household.ts';
import type { Device } from '../domain/hub.ts';
import { write } from './command.ts';
import { householdChanged } from './household.ts';
import { hubChanged, insertHub } from './hub.ts';
import type { Db, Tables } from './schema.ts';

type Part = 'resident' | 'contact';

export const residentRow = ({
  id,
  householdId,
  name,
  birthYear,
  sex,
  notes,
  limits,
}: Resident): Tables['resident'] => ({
  id,
  household_id: householdId,
  name,
  birth_year: birthYear,
  sex,
  notes,
  limits: JSON.stringify(limits),
});

export const contactRow = ({ id, householdId, name, relation, phone, rank }: Contact): Tables['contact'] => ({
  id,
  household_id: householdId,
  name,
  relation,
  phone,
  rank,
});

async function remove(db: Db, part: Part, householdId: string, id: string): Promise<boolean> {
  const removed = await db
    .deleteFrom(part)
    .where('household_id', '=', householdId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (removed.numDeletedRows !== 1n) return false;
  await householdChanged(db, householdId);
  return true;
}

type Ids = { readonly householdId: string; readonly id: string };

/** What belongs to a household. Each answers false, or null, when the household has no such thing. */
export const belongingCommands = {
  addResident: write(async (db, { resident }: { resident: Omit<Resident, 'id'> }): Promise<Resident> => {
    const added = { ...resident, id: randomUUID() };
    await db.insertInto('resident').values(residentRow(added)).execute();
    await householdChanged(db, added.householdId);
    return added;
  }),

  changeResident: write(async (db, { resident }: { resident: Resident }) => {
    const { id, household_id, ...rest } = residentRow(resident);
    const changed = await db
      .updateTable('resident')
      .set(rest)
      .where('household_id', '=', household_id)
      .where('id', '=', id)
      .executeTakeFirst();
    if (changed.numUpdatedRows !== 1n) return false;
    await householdChanged(db, household_id);
    return true;
  }),

  removeResident: write(async (db, { householdId, id }: Ids) => remove(db, 'resident', householdId, id)),

  addContact: write(async (db, { contact }: { contact: Omit<Contact, 'id'> }): Promise<Contact> => {
    const added = { ...contact, id: randomUUID() };
    await db.insertInto('contact').values(contactRow(added)).execute();
    await householdChanged(db, added.householdId);
    return added;
  }),

  changeContact: write(async (db, { contact }: { contact: Contact }) => {
    const { id, household_id, ...rest } = contactRow(contact);
    const changed = await db
      .updateTable('contact')
      .set(rest)
      .where('household_id', '=', household_id)
      .where('id', '=', id)
      .executeTakeFirst();
    if (changed.numUpdatedRows !== 1n) return false;
    await householdChanged(db, household_id);
    return true;
  }),

  removeContact: write(async (db, { householdId, id }: Ids) => remove(db, 'contact', householdId, id)),

  addPause: write(async (db, { pause }: { pause: Omit<Pause, 'id'> }): Promise<Pause> => {
    const added = { ...pause, id: randomUUID() };
    const { id, householdId, kind, fromAt, toAt, reason } = added;
    await db
      .insertInto('pause')
      .values({ id, household_id: householdId, kind, from_at: fromAt, to_at: toAt, reason })
      .execute();
    await householdChanged(db, householdId);
    return added;
  }),

  /** A pause that has run stays on record, with the end that it had. */
  endPause: write(async (db, { householdId, id, now }: Ids & { now: number }) => {
    const ended = await db
      .updateTable('pause')
      .set({ to_at: now })
      .where('household_id', '=', householdId)
      .where('id', '=', id)
      .where('to_at', '>', now)
      .executeTakeFirst();
    if (ended.numUpdatedRows !== 1n) return false;
    await householdChanged(db, householdId);
    return true;
  }),

  /** Names a device, its room and what it is for; one that has not spoken yet is thereby known. */
  describeDevice: write(async (db, { device }: { device: Device }) => {
    const { householdId, hubId, key, ...words } = device;
    const hub = await db
      .selectFrom('hub')
      .select('id')
      .where('id', '=', hubId)
      .where('household_id', '=', householdId)
      .executeTakeFirst();
    if (!hub) return false;
    await db
      .insertInto('device')
      .values({ household_id: householdId, hub_id: hubId, key, ...words })
      .onConflict((conflict) => conflict.columns(['household_id', 'hub_id', 'key']).doUpdateSet(words))
      .execute();
    await hubChanged(db, hubId);
    await householdChanged(db, householdId);
    return true;
  }),

  /** A hub with its first key; null when its client identifier is taken. */
  addHub: write(async (db, { hub, now }: { hub: Parameters<typeof insertHub>[1]; now: number }) => {
    const taken = await db.selectFrom('hub').select('id').where('client_id', '=', hub.clientId).executeTakeFirst();
    if (taken) return null;
    const added = await insertHub(db, hub, now);
    await householdChanged(db, hub.householdId);
    return { ...added, clientId: hub.clientId };
  }),
};
