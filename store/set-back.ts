import { sql } from 'kysely';
import { minutes } from '../domain/time.ts';
import { write } from './command.ts';
import { UNSETTLED } from './notice.ts';
import type { Db } from './schema.ts';

/** Hosts that share a memory are not as far apart, and what one of them has just decided is not the future to another. */
export const APART_MS = minutes(1);

/** Unclosed alerts whose last event lies in the future. */
const decidedLater = (db: Db, now: number) =>
  db
    .selectFrom('alert')
    .innerJoin('alert_event', (join) =>
      join.onRef('alert_event.alert_id', '=', 'alert.id').onRef('alert_event.version', '=', 'alert.version'),
    )
    .select('alert.id')
    .where('alert.state', '<>', sql.lit('closed'))
    .where('alert_event.at', '>', now + APART_MS);

export const setBackCommands = {
  /**
   * What was decided by a clock that stood later than ours has deadlines that nobody lives to see: those alerts are due at once, and
   * what is still to be told of them is as if it were ordered now. Gives how many. Nothing is left to do when it is asked again.
   */
  dueAtOnce: write(async (db, { now }: { now: number }) => {
    const notices = await db
      .updateTable('notice')
      .set({ next_attempt_at: now, created_at: now, lease: null })
      .where('alert_id', 'in', decidedLater(db, now))
      .where('state', 'in', UNSETTLED)
      .where('next_attempt_at', '>', now)
      .executeTakeFirstOrThrow();
    const alerts = await db
      .updateTable('alert')
      .set({ next_due: now })
      .where('id', 'in', decidedLater(db, now))
      .where('next_due', '>', now)
      .executeTakeFirstOrThrow();
    return { alerts: Number(alerts.numUpdatedRows), notices: Number(notices.numUpdatedRows) };
  }),
};
