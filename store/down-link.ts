import { randomUUID } from 'node:crypto';
import type { Alert } from '../domain/alert.ts';
import { categories } from '../domain/category.ts';
import { COMMAND_WAITS_MS, type Command, NEWS_WAITS_MS, takenNews } from '../domain/down-link.ts';
import { days } from '../domain/time.ts';
import { read, write } from './command.ts';
import type { Db, Tables } from './schema.ts';

/** What may wait for one hub; somebody who asks for more asks in vain. */
const WAITING_A_HUB = 100;
const KEPT_MS = days(30);

type Row = Tables['command'];

/** One that nobody has marked as expired yet is so all the same. */
const commandOf = (row: Row, now: number): Command => ({
  id: row.id,
  hubId: row.hub_id,
  topic: row.topic,
  payload: row.payload,
  askedBy: row.asked_by,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  state: row.state === 'waiting' && row.expires_at <= now ? 'expired' : row.state,
  sentAt: row.sent_at,
});

const waiting = (
  asked: Pick<Row, 'hub_id' | 'household_id' | 'topic' | 'payload' | 'asked_by'>,
  now: number,
  forMs: number,
): Row => ({
  id: randomUUID(),
  ...asked,
  created_at: now,
  expires_at: now + forMs,
  state: 'waiting',
  sent_at: null,
});

/** In the transaction in which somebody takes an emergency: its household's hubs may say that help is coming. */
export async function tellTaken(db: Db, { householdId, category }: Alert, now: number): Promise<void> {
  if (!categories[category].critical) return;
  const hubs = await db
    .selectFrom('hub')
    .select(['id', 'client_id', 'ecosystem'])
    .where('household_id', '=', householdId)
    .execute();
  const rows = hubs.flatMap(({ id, client_id, ecosystem }) => {
    const news = takenNews(ecosystem, client_id, category);
    return news
      ? [waiting({ hub_id: id, household_id: householdId, ...news, asked_by: null }, now, NEWS_WAITS_MS)]
      : [];
  });
  if (rows.length > 0) await db.insertInto('command').values(rows).execute();
}

type Asked = Pick<Command, 'hubId' | 'topic' | 'payload' | 'askedBy'>;

export const downLinkCommands = {
  /** Null when there is no such hub; `too_many` when enough waits for it already. */
  sendToHub: write(
    async (
      db,
      {
        command: { hubId, topic, payload, askedBy },
        now,
        forMs = COMMAND_WAITS_MS,
      }: { command: Asked; now: number; forMs?: number },
    ): Promise<Command | 'too_many' | null> => {
      const hub = await db.selectFrom('hub').select('household_id').where('id', '=', hubId).executeTakeFirst();
      if (!hub) return null;
      const { n } = await db
        .selectFrom('command')
        .select((e) => e.fn.countAll<number>().as('n'))
        .where('hub_id', '=', hubId)
        .where('state', '=', 'waiting')
        .where('expires_at', '>', now)
        .executeTakeFirstOrThrow();
      if (Number(n) >= WAITING_A_HUB) return 'too_many';
      const asked = { hub_id: hubId, household_id: hub.household_id, topic, payload, asked_by: askedBy };
      const row = waiting(asked, now, forMs);
      await db.insertInto('command').values(row).execute();
      return commandOf(row, now);
    },
  ),

  /** What waits for the hubs of a front end, oldest first, a page at a time. */
  commandsFor: read(
    async (
      db,
      {
        frontEnd,
        now,
        after,
        limit,
      }: { frontEnd: string; now: number; after: Pick<Command, 'createdAt' | 'id'> | null; limit: number },
    ): Promise<Command[]> => {
      const rows = await db
        .selectFrom('command')
        .innerJoin('hub_link', 'hub_link.hub_id', 'command.hub_id')
        .selectAll('command')
        .where('command.state', '=', 'waiting')
        .where('command.expires_at', '>', now)
        .where('hub_link.front_end', '=', frontEnd)
        .$if(after !== null, (query) =>
          query.where((e) => {
            const { createdAt, id } = after ?? { createdAt: 0, id: '' };
            return e.or([
              e('command.created_at', '>', createdAt),
              e.and([e('command.created_at', '=', createdAt), e('command.id', '>', id)]),
            ]);
          }),
        )
        .orderBy('command.created_at')
        .orderBy('command.id')
        .limit(limit)
        .execute();
      return rows.map((row) => commandOf(row, now));
    },
  ),

  commandsSent: write(async (db, { ids, now }: { ids: readonly string[]; now: number }) => {
    await db.updateTable('command').set({ state: 'sent', sent_at: now }).where('id', 'in', ids).execute();
  }),

  /** The last ones for a hub, latest first, and whose home it is in. */
  commandsOf: read(async (db, { hubId, limit, now }: { hubId: string; limit: number; now: number }) => {
    const hub = await db.selectFrom('hub').select('household_id').where('id', '=', hubId).executeTakeFirst();
    if (!hub) return null;
    const rows = await db
      .selectFrom('command')
      .selectAll()
      .where('hub_id', '=', hubId)
      .orderBy('created_at', 'desc')
      .orderBy('id')
      .limit(limit)
      .execute();
    return { householdId: hub.household_id, commands: rows.map((row) => commandOf(row, now)) };
  }),

  /** Marks what nobody came for, and forgets what is old, at most `limit` of each. */
  expireCommands: write(async (db, { now, limit }: { now: number; limit: number }) => {
    const gone = db
      .selectFrom('command')
      .select('id')
      .where('state', '=', 'waiting')
      .where('expires_at', '<=', now)
      .limit(limit);
    await db.updateTable('command').set({ state: 'expired' }).where('id', 'in', gone).execute();
    const old = db
      .selectFrom('command')
      .select('id')
      .where('created_at', '<', now - KEPT_MS)
      .orderBy('created_at')
      .limit(limit);
    await db.deleteFrom('command').where('id', 'in', old).execute();
  }),
};
