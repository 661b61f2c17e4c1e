import { sql } from 'kysely';
import { categories, category } from '../domain/category.ts';
import type { Audience } from '../domain/plan.ts';
import { read } from './command.ts';
import { UNSETTLED } from './notice.ts';
import type { Db } from './schema.ts';

/** A change of an alert, and where its household stands. */
export type AlertNews = {
  readonly alertId: string;
  readonly version: number;
  readonly at: number;
  readonly householdId: string;
  readonly stationId: string;
};

/** A notice that consoles have to show. */
export type ConsoleNotice = {
  readonly id: string;
  readonly alertId: string;
  readonly audience: Audience;
  readonly householdId: string;
  readonly stationId: string;
};

export type News = { readonly changes: AlertNews[]; readonly notices: ConsoleNotice[] };

const critical = category.options.filter((name) => categories[name].critical);

/** More at once than any screen shows; what is beyond them comes when these have been shown, or by the consoles' own polls. */
const CHANGES_AT_ONCE = 2_000;
const NOTICES_AT_ONCE = 500;

/**
 * Console notices made at or after `since` that nobody has shown yet, the most urgent first, then the newest. One that waits has passed
 * the stages; a life-critical one that is only due is not held up for them, except where its household is not watched yet.
 */
const consoleNotices = (db: Db, since: number) =>
  db
    .selectFrom('notice')
    .innerJoin('alert', 'alert.id', 'notice.alert_id')
    .innerJoin('household', 'household.id', 'notice.household_id')
    .select([
      'notice.id',
      'notice.alert_id as alertId',
      'notice.audience',
      'notice.household_id as householdId',
      'household.station_id as stationId',
    ])
    .where('notice.channel', '=', sql.lit('console'))
    .where('notice.state', 'in', UNSETTLED)
    .where('notice.created_at', '>=', since)
    .where((e) =>
      e.or([
        e('notice.state', '=', 'waiting'),
        e.and([e('alert.category', 'in', critical), e('household.mode', '<>', 'commissioning')]),
      ]),
    )
    .orderBy('alert.priority')
    .orderBy('notice.created_at', 'desc')
    .limit(NOTICES_AT_ONCE);

export const liveCommands = {
  /** What changed in alerts at or after `since`, and the notices that consoles still have to show: all, or those made since then. */
  news: read(async (db, { since, notices }: { since: number; notices: 'all' | 'since' }): Promise<News> => {
    const changes = await db
      .selectFrom('alert_event')
      .innerJoin('household', 'household.id', 'alert_event.household_id')
      .select([
        'alert_event.alert_id as alertId',
        'alert_event.version',
        'alert_event.at',
        'alert_event.household_id as householdId',
        'household.station_id as stationId',
      ])
      .where('alert_event.at', '>=', since)
      .orderBy('alert_event.at', 'desc')
      .limit(CHANGES_AT_ONCE)
      .execute();
    return { changes, notices: await consoleNotices(db, notices === 'all' ? 0 : since).execute() };
  }),

  /** Which of these are console notices, for whom and where: what a console says it has shown is not believed before. */
  consoleNoticesById: read(async (db, { ids }: { ids: readonly string[] }): Promise<ConsoleNotice[]> => {
    if (ids.length === 0) return [];
    return db
      .selectFrom('notice')
      .innerJoin('household', 'household.id', 'notice.household_id')
      .select([
        'notice.id',
        'notice.alert_id as alertId',
        'notice.audience',
        'notice.household_id as householdId',
        'household.station_id as stationId',
      ])
      .where('notice.id', 'in', ids)
      .where('notice.channel', '=', 'console')
      .execute();
  }),
};
