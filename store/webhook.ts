import { randomBytes, randomUUID } from 'node:crypto';
import type { Audience } from '../domain/plan.ts';
import { areaWithin, type Scope } from './area.ts';
import { read, write } from './command.ts';

const columns = ['id', 'area_id as areaId', 'audience', 'url', 'created_at as createdAt'] as const;

export const webhookCommands = {
  webhooks: read(async (db, { scope }: { scope: Scope }) =>
    db
      .selectFrom('webhook')
      .select(columns)
      .where(areaWithin('webhook.area_id', scope))
      .orderBy('created_at')
      .execute(),
  ),

  /** With a new secret, which is kept as it is: each message is signed with it. */
  addWebhook: write(
    async (db, { areaId, audience, url, now }: { areaId: string; audience: Audience; url: string; now: number }) => {
      const secret = randomBytes(32).toString('base64url');
      const webhook = { id: randomUUID(), areaId, audience, url, createdAt: now };
      await db
        .insertInto('webhook')
        .values({ id: webhook.id, area_id: areaId, audience, url, secret, created_at: now })
        .execute();
      return { webhook, secret };
    },
  ),

  removeWebhook: write(async (db, { id }: { id: string }) => {
    const removed = await db.deleteFrom('webhook').where('id', '=', id).executeTakeFirst();
    return removed.numDeletedRows === 1n;
  }),
};
