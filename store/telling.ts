import { sql } from 'kysely';
import type { Alert } from '../domain/alert.ts';
import { categories } from '../domain/category.ts';
import type { Area, Contact, Household, Pause, Resident } from '../domain/household.ts';
import type { Notice } from '../domain/notice.ts';
import { days, hours } from '../domain/time.ts';
import { alertOf } from './alert.ts';
import { areasUp } from './area.ts';
import { read } from './command.ts';
import { noticeOf, UNSETTLED } from './notice.ts';
import type { Db } from './schema.ts';

/** A receiver that an owner registered for an audience of an area. */
export type Destination = { readonly id: string; readonly url: string; readonly secret: string };

/** A notice with everything that decides whether and how it is told. */
export type Telling = {
  readonly notice: Notice;
  readonly alert: Alert;
  readonly household: Pick<Household, 'id' | 'name' | 'address' | 'latitude' | 'longitude' | 'mode'>;
  /** From the household's station up to the root. */
  readonly areas: readonly Area[];
  readonly residents: readonly Pick<Resident, 'name' | 'birthYear' | 'sex' | 'notes'>[];
  readonly contacts: readonly Pick<Contact, 'name' | 'relation' | 'phone' | 'rank'>[];
  /** What is muted in the household at this moment. */
  readonly pauses: readonly Pause['kind'][];
  /** The hub that the alert's subject belongs to is lost, and an alert says so. */
  readonly hubLost: boolean;
  /** A later notice tells the same audience of the same alert through the same channel, or has told it. */
  readonly toldLater: boolean;
  /** Notices told to this audience about this household within the last hour. */
  readonly toldLastHour: number;
  /** Who receives it by webhook, without those that have refused this notice for good. */
  readonly destinations: readonly Destination[];
};

type Rows<T> = Promise<T[]>;
async function grouped<T, K>(rows: Rows<T>, key: (row: T) => K): Promise<(of: K) => readonly T[]> {
  const groups = Map.groupBy(await rows, key);
  return (of) => groups.get(of) ?? [];
}

const audienceKey = (householdId: string, audience: string): string => `${householdId} ${audience}`;

type Obstacles = {
  readonly pausesOf: (householdId: string) => readonly Pause['kind'][];
  readonly isLost: (alert: Alert) => boolean;
  readonly toldLastHour: (householdId: string, audience: string) => number;
};

/** What can stand between an ordinary alert and its audience: pauses, a lost hub, too much told already. */
async function obstacles(db: Db, householdIds: readonly string[], now: number): Promise<Obstacles> {
  if (householdIds.length === 0) return { pausesOf: () => [], isLost: () => false, toldLastHour: () => 0 };
  const pauses = await grouped(
    db
      .selectFrom('pause')
      .select(['household_id', 'kind'])
      .where('household_id', 'in', householdIds)
      .where('from_at', '<=', now)
      .where('to_at', '>', now)
      .execute(),
    (row) => row.household_id,
  );
  const lostHubs = await db
    .selectFrom('alert')
    .select(['household_id', 'subject'])
    .where('household_id', 'in', householdIds)
    .where('category', '=', 'hub_lost')
    .where('state', '<>', sql.lit('closed'))
    .execute();
  const told = await db
    .selectFrom('alert')
    .innerJoin('notice', 'notice.alert_id', 'alert.id')
    .select((e) => ['alert.household_id', 'notice.audience', e.fn.countAll<number>().as('n')])
    .where('alert.household_id', 'in', householdIds)
    .where('alert.raised_at', '>=', now - days(1))
    .where('notice.created_at', '>=', now - hours(1))
    .where('notice.attempts', '>', 0)
    .where('notice.state', '<>', 'suppressed')
    .groupBy(['alert.household_id', 'notice.audience'])
    .execute();
  const counts = new Map(told.map((row) => [audienceKey(row.household_id, row.audience), Number(row.n)]));
  const lost = new Set(lostHubs.map((row) => `${row.household_id} ${hubIn(row.subject)}`));
  return {
    pausesOf: (householdId) => pauses(householdId).map((row) => row.kind as Pause['kind']),
    isLost: (alert) => lost.has(`${alert.householdId} ${hubIn(alert.subject)}`),
    toldLastHour: (householdId, audience) => counts.get(audienceKey(householdId, audience)) ?? 0,
  };
}

/** A device's subject begins with its hub (domain/finding.ts). */
const hubIn = (subject: string): string => subject.split('/', 1)[0] ?? '';

/** Of repeated attempts at the last channel, those that a later notice has made pointless: one that was told, or will be. */
async function toldLater(db: Db, notices: readonly Notice[]): Promise<ReadonlySet<string>> {
  const repeated = notices.filter((notice) => notice.attempts > 0 && notice.fallback.length === 0);
  if (repeated.length === 0) return new Set();
  const latest = await db
    .selectFrom('notice')
    .select((e) => ['alert_id', 'audience', 'channel', e.fn.max('created_at').as('at')])
    .where(
      'alert_id',
      'in',
      repeated.map((notice) => notice.alertId),
    )
    .where('state', 'in', [...UNSETTLED, 'delivered'])
    .groupBy(['alert_id', 'audience', 'channel'])
    .execute();
  const later = repeated.filter((notice) =>
    latest.some(
      (row) =>
        row.alert_id === notice.alertId &&
        row.audience === notice.audience &&
        row.channel === notice.channel &&
        row.at > notice.createdAt,
    ),
  );
  return new Set(later.map((notice) => notice.id));
}

/** Receivers by audience and area, and who of them has refused a notice for good. */
async function receivers(db: Db, notices: readonly Notice[], areaIds: readonly string[]) {
  if (notices.length === 0 || areaIds.length === 0) return () => [];
  const webhooks = await db.selectFrom('webhook').selectAll().where('area_id', 'in', areaIds).orderBy('id').execute();
  const repeated = notices.filter((notice) => notice.attempts > 0);
  const refusals =
    repeated.length === 0
      ? []
      : await db
          .selectFrom('delivery')
          .select(['notice_id', 'destination'])
          .where(
            'alert_id',
            'in',
            repeated.map((notice) => notice.alertId),
          )
          .where('outcome', '=', 'gave_up')
          .execute();
  const refused = new Set(refusals.map((row) => `${row.notice_id} ${row.destination}`));
  return (notice: Notice, areas: readonly Area[]): Destination[] =>
    webhooks
      .filter((row) => row.audience === notice.audience && areas.some((area) => area.id === row.area_id))
      .filter((row) => !refused.has(`${notice.id} ${destinationName(row)}`))
      .map(({ id, url, secret }) => ({ id, url, secret }));
}

/** How a delivery row names a receiver: its host, for people, and its id. Never the path, which may be a secret. */
export const destinationName = ({ id, url }: Pick<Destination, 'id' | 'url'>): string => `${new URL(url).host} ${id}`;

async function people(db: Db, householdIds: readonly string[]) {
  const none = () => [];
  if (householdIds.length === 0) return { residents: none, contacts: none };
  const within = householdIds;
  return {
    residents: await grouped(
      db.selectFrom('resident').selectAll().where('household_id', 'in', within).orderBy('id').execute(),
      (row) => row.household_id,
    ),
    contacts: await grouped(
      db.selectFrom('contact').selectAll().where('household_id', 'in', within).orderBy('rank').execute(),
      (row) => row.household_id,
    ),
  };
}

async function areasOf(db: Db, stationIds: ReadonlySet<string>): Promise<Map<string, readonly Area[]>> {
  const chains = new Map<string, readonly Area[]>();
  for (const id of stationIds) chains.set(id, await areasUp(db, id));
  return chains;
}

const unique = (ids: readonly string[]): string[] => [...new Set(ids)];

export const tellingCommands = {
  /** What has to be known to tell these, in their order; what no longer exists is left out. */
  tellings: read(async (db, { noticeIds, now }: { noticeIds: readonly string[]; now: number }): Promise<Telling[]> => {
    if (noticeIds.length === 0) return [];
    const notices = (await db.selectFrom('notice').selectAll().where('id', 'in', noticeIds).execute()).map(noticeOf);
    const alertIds = unique(notices.map((notice) => notice.alertId));
    const alertRows = await db.selectFrom('alert').selectAll().where('id', 'in', alertIds).execute();
    const alerts = new Map(alertRows.map((row) => [row.id, alertOf(row)]));
    const byWebhook = notices.filter((notice) => notice.channel === 'webhook');
    const householdIds = unique(notices.map((notice) => notice.householdId));
    const homes = await db.selectFrom('household').selectAll().where('id', 'in', householdIds).execute();
    const households = new Map(homes.map((row) => [row.id, row]));

    const chains = await areasOf(db, new Set(homes.map((row) => row.station_id)));
    const destinationsOf = await receivers(db, byWebhook, unique([...chains.values()].flat().map((area) => area.id)));
    const { residents, contacts } = await people(db, unique(byWebhook.map((notice) => notice.householdId)));
    const ordinary = [...alerts.values()].filter((alert) => !categories[alert.category].critical);
    const { pausesOf, isLost, toldLastHour } = await obstacles(
      db,
      unique(ordinary.map((alert) => alert.householdId)),
      now,
    );
    const later = await toldLater(db, notices);

    const order = new Map(noticeIds.map((id, index) => [id, index]));
    notices.sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
    return notices.flatMap((notice) => {
      const alert = alerts.get(notice.alertId);
      const home = households.get(notice.householdId);
      if (!alert || !home) return [];
      const areas = chains.get(home.station_id) ?? [];
      const { id, name, address, latitude, longitude, mode } = home;
      return {
        notice,
        alert,
        household: { id, name, address, latitude, longitude, mode },
        areas,
        residents: residents(id).map((row) => ({
          name: row.name,
          birthYear: row.birth_year,
          sex: row.sex as Resident['sex'],
          notes: row.notes,
        })),
        contacts: contacts(id).map(({ name, relation, phone, rank }) => ({ name, relation, phone, rank })),
        pauses: pausesOf(id),
        hubLost: isLost(alert),
        toldLater: later.has(notice.id),
        toldLastHour: toldLastHour(id, notice.audience),
        destinations: notice.channel === 'webhook' ? destinationsOf(notice, areas) : [],
      };
    });
  }),
};
