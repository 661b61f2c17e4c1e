import { type ExpressionBuilder, sql } from 'kysely';
import { categories } from '../domain/category.ts';
import { SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import { days, seconds } from '../domain/time.ts';
import { type Beat, beatsOf, instancesOf, lastBeats } from './beat.ts';
import { read } from './command.ts';
import { streamsOf } from './distinct.ts';
import { UNSETTLED } from './notice.ts';
import type { Db, Tables } from './schema.ts';
import { APART_MS } from './set-back.ts';

/** What the auditor sees of the database: each a promise's opposite, counted. */
export type Facts = {
  /** Unclosed alerts without a deadline, or with one that passed more than 10 s ago. */
  readonly overdueAlerts: number;
  /** Matters about which more than one alert is open. */
  readonly doubledAlerts: number;
  /** Notices whose time, or whose lease, ended more than 30 s ago; and of emergencies those that nobody has tried for a minute. */
  readonly overdueNotices: number;
  /** Open emergencies that somebody was to be told of 15 s ago and nobody has been, with nothing on record that says why. */
  readonly untoldEmergencies: number;
  readonly connectedHubs: number;
  /** When an intake last committed anything. */
  readonly lastCommitAt: number | null;
  /** When the oldest packet came that a processor has not read yet. */
  readonly unreadSince: number | null;
  /** The last sign of life of each role, whichever instance gave it. */
  readonly beats: Readonly<Record<string, number>>;
  /** The last signs of life of all instances that did not end in order, of the last day. */
  readonly instances: readonly Beat[];
  /** The last alert about each promise that was broken, unless it was closed days ago. */
  readonly incidents: readonly Incident[];
};

export type Incident = {
  readonly promise: string;
  readonly alertId: string;
  readonly open: boolean;
  readonly occurrences: number;
  readonly lastSeenAt: number;
  /** Whether it has been noted since that the promise holds again. */
  readonly healed: boolean;
};

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

/** A lease alone is no sign of life: who fails after each would have notices for ever that are not due. */
const overdueNotices = (db: Db, now: number) =>
  count(
    db
      .selectFrom('notice')
      .innerJoin('alert', 'alert.id', 'notice.alert_id')
      .select((e) => e.fn.countAll<number>().as('n'))
      .where('notice.state', 'in', UNSETTLED)
      .where((e) =>
        e.or([
          e('notice.next_attempt_at', '<', now - seconds(30)),
          e.and([
            e('notice.attempts', '=', 0),
            e('notice.created_at', '<', now - seconds(60)),
            e('alert.category', 'in', critical),
          ]),
        ]),
      ),
  );

/** When somebody was first to be told of an alert: a plan may begin with waiting. */
const firstOrdered = (e: ExpressionBuilder<Tables, 'alert'>) =>
  e
    .selectFrom('notice')
    .select((notice) => notice.fn.min('notice.created_at').as('at'))
    .whereRef('notice.alert_id', '=', 'alert.id');

const untoldEmergencies = (db: Db, now: number) =>
  count(
    db
      .selectFrom('alert')
      .select((e) => e.fn.countAll<number>().as('n'))
      .where('state', '<>', sql.lit('closed'))
      .where('state', '=', 'open')
      .where('category', 'in', critical)
      .where('step', '>=', 0)
      .where((e) => e(e.fn.coalesce(firstOrdered(e), 'raised_at'), '<', now - seconds(15)))
      .where((e) =>
        e.not(e.exists(e.selectFrom('delivery').select('delivery.id').whereRef('delivery.alert_id', '=', 'alert.id'))),
      ),
  );

/** How far every partition's processor has read, from its first turn on: nothing of what stands before has still to be dealt with. */
async function readByAll(db: Db): Promise<(stream: string) => number> {
  const of = db.selectFrom('counter').select('value').where('name', '=', 'partitions');
  const { value } = await of.executeTakeFirstOrThrow();
  const last = Array.from(
    { length: value },
    (_, number) =>
      sql`select (select cut from turn where processor = ${String(number)} order by number desc limit 1) as cut`,
  );
  const { rows } = await sql<{ cut: string | null }>`${sql.join(last, sql` union all `)}`.execute(db);
  const cuts = rows.map(({ cut }): Record<string, number> => JSON.parse(cut ?? '{}'));
  return (stream) => Math.min(...cuts.map((cut) => cut[stream] ?? 0));
}

/** When each stream was last written, and the oldest time in it that somebody has still to read: two steps of the index a stream. */
async function streamTimes(db: Db, names: readonly string[]): Promise<Pick<Facts, 'lastCommitAt' | 'unreadSince'>> {
  if (names.length === 0) return { lastCommitAt: null, unreadSince: null };
  const readTo = await readByAll(db);
  // Not a `union all` of them: SQLite takes no more than five hundred, and each instance that ever was has left a stream or two.
  const each = names.map((stream) => sql`(${stream}, cast(${readTo(stream)} as bigint))`);
  const { rows } = await sql<{ last: number | null; unread: number | null }>`
    with known(name, read) as (values ${sql.join(each)}), times as (
      select
        (select at from segment where stream = known.name order by first desc limit 1) as last,
        (select at from segment where stream = known.name and first > known.read order by first limit 1) as unread
      from known
    ) select max(last) as last, min(unread) as unread from times`.execute(db);
  return { lastCommitAt: rows[0]?.last ?? null, unreadSince: rows[0]?.unread ?? null };
}

const connectedHubs = (db: Db) =>
  count(
    db
      .selectFrom('hub_now')
      .select((e) => e.fn.countAll<number>().as('n'))
      .where('connected', '=', 1),
  );

/** For so long a closed incident is remembered: auditors of two machines must see the same of it. */
const REMEMBERED_MS = days(2);

async function incidents(db: Db, now: number): Promise<Facts['incidents']> {
  const rows = await db
    .selectFrom('alert')
    .select((e) => [
      'id',
      'subject',
      'state',
      'occurrences',
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
    .where((e) => e.or([e('state', '<>', sql.lit('closed')), e('raised_at', '>', now - REMEMBERED_MS)]))
    .orderBy('raised_at')
    .execute();
  const last = new Map<string, Incident>();
  for (const row of rows) {
    if (last.get(row.subject)?.open) continue;
    last.set(row.subject, {
      promise: row.subject,
      alertId: row.id,
      open: row.state !== 'closed',
      occurrences: row.occurrences,
      lastSeenAt: row.last_occurrence_at,
      healed: Number(row.healed) > 0,
    });
  }
  return [...last.values()];
}

export const auditCommands = {
  facts: read(async (db, { now }: { now: number }): Promise<Facts> => {
    // Of an instance that died with a clock far ahead nobody may believe until that time has come that it lives.
    const beats = (await beatsOf(db)).filter(({ at }) => at <= now + APART_MS);
    return {
      overdueAlerts: await overdueAlerts(db, now),
      doubledAlerts: await doubledAlerts(db),
      overdueNotices: await overdueNotices(db, now),
      untoldEmergencies: await untoldEmergencies(db, now),
      connectedHubs: await connectedHubs(db),
      ...(await streamTimes(db, await streamsOf(db))),
      beats: lastBeats(beats),
      instances: instancesOf(beats),
      incidents: await incidents(db, now),
    };
  }),
};
