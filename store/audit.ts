import { sql } from 'kysely';
import { categories } from '../domain/category.ts';
import { SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import { days, seconds } from '../domain/time.ts';
import { read, write } from './command.ts';
import { streamsOf } from './distinct.ts';
import { UNSETTLED } from './notice.ts';
import type { Db, Tables } from './schema.ts';

/** What the auditor sees of the database: each a promise's opposite, counted. */
export type Facts = {
  /** Unclosed alerts without a deadline, or with one that passed more than 10 s ago. */
  readonly overdueAlerts: number;
  /** Matters about which more than one alert is open. */
  readonly doubledAlerts: number;
  /** Notices whose time, or whose lease, ended more than 30 s ago. */
  readonly overdueNotices: number;
  /** Open emergencies older than 15 s that nobody has been told of, with nothing on record that says why. */
  readonly untoldEmergencies: number;
  readonly connectedHubs: number;
  /** When an intake last committed anything. */
  readonly lastCommitAt: number | null;
  /** When the oldest packet came that a processor has not read yet. */
  readonly unreadSince: number | null;
  /** The last sign of life of each role, whichever instance gave it. */
  readonly beats: Readonly<Record<string, number>>;
  /** Promises that an open alert says are broken, and whether it has been noted since that they hold again. */
  readonly incidents: readonly Incident[];
};

export type Incident = { readonly promise: string; readonly lastSeenAt: number; readonly healed: boolean };

export const AUDITOR_RULE = 'auditor';

const critical = (Object.keys(categories) as Tables['alert']['category'][]).filter((name) => categories[name].critical);

async function count(query: { executeTakeFirst: () => Promise<{ n: number | string } | undefined> }): Promise<number> {
  return Number((await query.executeTakeFirst())?.n ?? 0);
}

const overdueAlerts = (db: Db, now: number) =>
  count(
    db
      .selectFrom('alert')
      .select((e) => e.fn.countAll<number>().as('n'))
      .where('state', '<>', sql.lit('closed'))
      .where((e) => e.or([e('next_due', 'is', null), e('next_due', '<', now - seconds(10))])),
  );

const doubledAlerts = (db: Db) =>
  count(
    db
      .selectFrom((from) =>
        from
          .selectFrom('alert')
          .select('household_id')
          .where('state', '<>', sql.lit('closed'))
          .groupBy(['household_id', 'category', 'subject'])
          .having((e) => e.fn.countAll(), '>', 1)
          .as('doubled'),
      )
      .select((e) => e.fn.countAll<number>().as('n')),
  );

const overdueNotices = (db: Db, now: number) =>
  count(
    db
      .selectFrom('notice')
      .select((e) => e.fn.countAll<number>().as('n'))
      .where('state', 'in', UNSETTLED)
      .where('next_attempt_at', '<', now - seconds(30)),
  );

const untoldEmergencies = (db: Db, now: number) =>
  count(
    db
      .selectFrom('alert')
      .select((e) => e.fn.countAll<number>().as('n'))
      .where('state', '<>', sql.lit('closed'))
      .where('state', '=', 'open')
      .where('category', 'in', critical)
      .where('raised_at', '<', now - seconds(15))
      .where((e) =>
        e.not(e.exists(e.selectFrom('delivery').select('delivery.id').whereRef('delivery.alert_id', '=', 'alert.id'))),
      ),
  );

async function lastCommitAt(db: Db, names: readonly string[]): Promise<number | null> {
  let latest: number | null = null;
  for (const stream of names) {
    const segment = await db
      .selectFrom('segment')
      .select('at')
      .where('stream', '=', stream)
      .orderBy('first', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (segment) latest = Math.max(latest ?? 0, segment.at);
  }
  return latest;
}

async function unreadSince(db: Db, names: readonly string[]): Promise<number | null> {
  const processors = await db.selectFrom('checkpoint').select('processor').execute();
  let oldest: number | null = null;
  for (const { processor } of processors) {
    const turn = await db
      .selectFrom('turn')
      .select('cut')
      .where('processor', '=', processor)
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (!turn) continue;
    const cut: Record<string, number> = JSON.parse(turn.cut);
    for (const stream of names) {
      const unread = await db
        .selectFrom('segment')
        .select('at')
        .where('stream', '=', stream)
        .where('first', '>', cut[stream] ?? 0)
        .orderBy('first')
        .limit(1)
        .executeTakeFirst();
      if (unread) oldest = Math.min(oldest ?? unread.at, unread.at);
    }
  }
  return oldest;
}

const connectedHubs = (db: Db) =>
  count(
    db
      .selectFrom('hub_now')
      .select((e) => e.fn.countAll<number>().as('n'))
      .where('connected', '=', 1),
  );

async function beats(db: Db): Promise<Record<string, number>> {
  const rows = await db
    .selectFrom('beat')
    .select((e) => ['role', e.fn.max('at').as('at')])
    .groupBy('role')
    .execute();
  return Object.fromEntries(rows.map((row) => [row.role, row.at]));
}

async function incidents(db: Db): Promise<Facts['incidents']> {
  const rows = await db
    .selectFrom('alert')
    .select((e) => [
      'subject',
      'last_occurrence_at',
      e
        .selectFrom('alert_event')
        .select((event) => event.fn.countAll<number>().as('n'))
        .whereRef('alert_event.alert_id', '=', 'alert.id')
        .where('alert_event.kind', '=', 'cause_ended')
        .whereRef('alert_event.at', '>=', 'alert.last_occurrence_at')
        .as('healed'),
    ])
    .where('household_id', '=', SYSTEM_HOUSEHOLD)
    .where('rule', '=', AUDITOR_RULE)
    .where('state', '<>', sql.lit('closed'))
    .execute();
  return rows.map((row) => ({
    promise: row.subject,
    lastSeenAt: row.last_occurrence_at,
    healed: Number(row.healed) > 0,
  }));
}

export type Beat = { readonly role: string; readonly instance: string; readonly at: number };

export const auditCommands = {
  facts: read(async (db, { now }: { now: number }): Promise<Facts> => {
    const names = await streamsOf(db);
    return {
      overdueAlerts: await overdueAlerts(db, now),
      doubledAlerts: await doubledAlerts(db),
      overdueNotices: await overdueNotices(db, now),
      untoldEmergencies: await untoldEmergencies(db, now),
      connectedHubs: await connectedHubs(db),
      lastCommitAt: await lastCommitAt(db, names),
      unreadSince: await unreadSince(db, names),
      beats: await beats(db),
      incidents: await incidents(db),
    };
  }),

  /** A role's sign of life; those of instances that have been gone for a day are forgotten. */
  beat: write(async (db, { role, instance, at }: Beat) => {
    await db
      .insertInto('beat')
      .values({ role, instance, at })
      .onConflict((conflict) => conflict.columns(['role', 'instance']).doUpdateSet({ at }))
      .execute();
    await db
      .deleteFrom('beat')
      .where('role', '=', role)
      .where('at', '<', at - days(1))
      .execute();
  }),

  /** The instances of a role that gave a sign of life since. */
  instancesSince: read(async (db, { role, since }: { role: string; since: number }): Promise<string[]> => {
    const rows = await db
      .selectFrom('beat')
      .select('instance')
      .where('role', '=', role)
      .where('at', '>=', since)
      .execute();
    return rows.map((row) => row.instance);
  }),
};
