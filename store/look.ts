import { minutes } from '../domain/time.ts';
import { read, write } from './command.ts';

/** What was looked at of a resident's data. */
export type Looked = 'file' | 'access' | 'timeline' | 'series' | 'alert' | 'commands';

/** A page that stays open asks again and again: that is one look. Asking how to get in is a look each time. */
const SAME_LOOK_MS = minutes(10);

export const lookCommands = {
  /** Recorded before it is answered, so that nothing is seen which nobody knows of. */
  recordLook: write(
    async (
      db,
      { userId, householdId, what, now }: { userId: string; householdId: string; what: Looked; now: number },
    ) => {
      if (what !== 'access') {
        const same = await db
          .selectFrom('look')
          .select('at')
          .where('household_id', '=', householdId)
          .where('at', '>', now - SAME_LOOK_MS)
          .where('user_id', '=', userId)
          .where('what', '=', what)
          .limit(1)
          .executeTakeFirst();
        if (same) return;
      }
      await db.insertInto('look').values({ user_id: userId, household_id: householdId, what, at: now }).execute();
    },
  ),

  /** Who looked at a household, latest first. */
  looksAt: read(async (db, { householdId, limit }: { householdId: string; limit: number }) =>
    db
      .selectFrom('look')
      .select(['user_id as userId', 'what', 'at'])
      .where('household_id', '=', householdId)
      .orderBy('at', 'desc')
      .limit(limit)
      .execute(),
  ),
};
