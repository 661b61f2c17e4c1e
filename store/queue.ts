import { type ExpressionBuilder, sql } from 'kysely';
import type { Alert, AlertEvent, AlertState } from '../domain/alert.ts';
import { categories } from '../domain/category.ts';
import type { HouseholdMode } from '../domain/household.ts';
import { hours } from '../domain/time.ts';
import { alertOf } from './alert.ts';
import { belongsWithin, householdWithin, type Scope } from './area.ts';
import { read } from './command.ts';
import { noticeOf } from './notice.ts';
import type { Db, Tables } from './schema.ts';

/** An alert with the words that a person needs to know where it is. */
export type QueuedAlert = Alert & {
  readonly householdName: string;
  readonly householdMode: HouseholdMode;
  readonly address: string;
  readonly stationName: string;
  readonly subjectName: string;
  readonly takenByName: string | null;
};

/** Alerts with their names, in one statement. A subject is a device's `hub/key`, a hub's `hub/`, a room, or ''. */
export const namedAlerts = (db: Db) =>
  db
    .selectFrom('alert')
    .innerJoin('household', 'household.id', 'alert.household_id')
    .leftJoin('area', 'area.id', 'household.station_id')
    .leftJoin('user_account', 'user_account.id', 'alert.taken_by')
    .leftJoin('device', (join) =>
      join
        .onRef('device.household_id', '=', 'alert.household_id')
        .on(sql`device.hub_id || '/' || device.key`, '=', sql.ref('alert.subject')),
    )
    .leftJoin('hub', (join) =>
      join.onRef('hub.household_id', '=', 'alert.household_id').on(sql`hub.id || '/'`, '=', sql.ref('alert.subject')),
    )
    .selectAll('alert')
    .select([
      'household.name as household_name',
      'household.mode as household_mode',
      'household.address',
      'area.name as station_name',
      'user_account.name as taken_by_name',
      'device.name as device_name',
      'device.room as device_room',
      'device.key as device_key',
      'hub.client_id as hub_name',
    ]);

type NamedRow = Awaited<ReturnType<ReturnType<typeof namedAlerts>['execute']>>[number];

function subjectName(row: NamedRow): string {
  if (row.device_key !== null) {
    return [row.device_room, row.device_name || row.device_key].filter(Boolean).join(' · ');
  }
  if (row.hub_name !== null) return row.hub_name;
  const { subject } = categories[row.category];
  return subject === 'room' || subject === 'system' ? row.subject : '';
}

export const queuedAlertOf = (row: NamedRow): QueuedAlert => ({
  ...alertOf(row),
  householdName: row.household_name,
  householdMode: row.household_mode,
  address: row.address,
  stationName: row.station_name ?? '',
  subjectName: subjectName(row),
  takenByName: row.taken_by_name,
});

export type QueueState = 'open' | 'mine' | 'unclosed' | 'closed';

const inState = (state: QueueState, userId: string) => (e: ExpressionBuilder<Tables, 'alert'>) => {
  switch (state) {
    case 'closed':
      return e('alert.state', '=', sql.lit('closed'));
    case 'unclosed':
      return e('alert.state', '<>', sql.lit('closed'));
    case 'open':
      return e('alert.state', '=', sql.lit('open'));
    case 'mine':
      return e.and([e('alert.state', '<>', sql.lit('closed')), e('alert.taken_by', '=', userId)]);
    default:
      return state satisfies never;
  }
};

/** Of the closed ones, those of the last day are counted: all of them would be years. */
const COUNT_CLOSED_MS = hours(24);

async function counts(db: Db, scope: Scope, now: number): Promise<Record<AlertState, number>> {
  const found = await db
    .selectFrom('alert')
    .select((e) => ['alert.state', e.fn.countAll<number>().as('n')])
    .where('alert.state', '<>', sql.lit('closed'))
    .where(belongsWithin('alert.household_id', scope))
    .groupBy('alert.state')
    .unionAll(
      db
        .selectFrom('alert')
        .select((e) => ['alert.state', e.fn.countAll<number>().as('n')])
        .where('alert.state', '=', sql.lit('closed'))
        .where('alert.closed_at', '>', now - COUNT_CLOSED_MS)
        .where(belongsWithin('alert.household_id', scope))
        .groupBy('alert.state'),
    )
    .execute();
  const all = { open: 0, taken: 0, attended: 0, closed: 0 };
  for (const { state, n } of found) all[state] = Number(n);
  return all;
}

/** The bound of what is listed of one alert: the latest. */
const LISTED = 200;

export const queueCommands = {
  /** In the order in which they should be taken: priority, then deadline; the closed ones latest first. */
  queue: read(
    async (
      db,
      {
        scope,
        state,
        userId,
        limit,
        now,
      }: { scope: Scope; state: QueueState; userId: string; limit: number; now: number },
    ) => {
      const listed = namedAlerts(db).where(inState(state, userId)).where(householdWithin(scope)).limit(limit);
      const rows = await (state === 'closed'
        ? listed.orderBy('alert.closed_at', 'desc')
        : listed.orderBy('alert.priority').orderBy('alert.next_due')
      ).execute();
      return { alerts: rows.map(queuedAlertOf), counts: await counts(db, scope, now) };
    },
  ),

  queuedAlert: read(async (db, { id }: { id: string }) => {
    const row = await namedAlerts(db).where('alert.id', '=', id).executeTakeFirst();
    return row ? queuedAlertOf(row) : null;
  }),

  /** What happened to an alert and who was told, with its causes; null when there is no such alert. */
  alertRecord: read(async (db, { id }: { id: string }) => {
    const row = await namedAlerts(db).where('alert.id', '=', id).executeTakeFirst();
    if (!row) return null;
    const events = await db
      .selectFrom('alert_event')
      .leftJoin('user_account', 'user_account.id', 'alert_event.by_user')
      .selectAll('alert_event')
      .select('user_account.name as by_name')
      .where('alert_id', '=', id)
      .orderBy('version', 'desc')
      .limit(LISTED)
      .execute();
    const of = { db, id };
    return {
      alert: queuedAlertOf(row),
      events: events.toReversed().map((event): AlertEvent & { byName: string | null } => ({
        alertId: event.alert_id,
        version: event.version,
        kind: event.kind,
        at: event.at,
        by: event.by_user,
        text: event.text,
        said: event.said === null ? null : JSON.parse(event.said),
        byName: event.by_name,
      })),
      occurrences: await occurrencesOf(of),
      notices: await noticesOf(of),
      deliveries: await deliveriesOf(of),
    };
  }),
};

type Of = { readonly db: Db; readonly id: string };

async function occurrencesOf({ db, id }: Of) {
  const rows = await db
    .selectFrom('occurrence')
    .select(['at', 'delay_ms as delayMs', 'text'])
    .where('alert_id', '=', id)
    .orderBy('at', 'desc')
    .limit(LISTED)
    .execute();
  return rows.toReversed();
}

async function noticesOf({ db, id }: Of) {
  const rows = await db
    .selectFrom('notice')
    .selectAll()
    .where('alert_id', '=', id)
    .orderBy('created_at', 'desc')
    .limit(LISTED)
    .execute();
  return rows.toReversed().map(noticeOf);
}

async function deliveriesOf({ db, id }: Of) {
  const rows = await db
    .selectFrom('delivery')
    .select([
      'id',
      'notice_id as noticeId',
      'alert_id as alertId',
      'channel',
      'destination',
      'attempted_at as attemptedAt',
      'outcome',
      'reason',
      'answer',
    ])
    .where('alert_id', '=', id)
    .orderBy('attempted_at', 'desc')
    .limit(LISTED)
    .execute();
  return rows.toReversed();
}
