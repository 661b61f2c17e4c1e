import * as z from 'zod';
import { audience } from '../../domain/plan.ts';

/** What the empty desk shows: what is being watched, and how the system is. */
export const systemAnswer = z.object({
  serverAt: z.number(),
  households: z.object({ live: z.number(), commissioning: z.number(), paused: z.number() }),
  hubs: z.object({ connected: z.number(), lost: z.number(), neverHeard: z.number() }),
  packetsLastHour: z.number(),
  processorBehindMs: z.number(),
  lastClosedAt: z.number().nullable(),
  unreadable: z.array(
    z.object({
      hubId: z.string(),
      householdId: z.string(),
      householdName: z.string(),
      topic: z.string(),
      reason: z.string(),
      count: z.number(),
      lastAt: z.number(),
      sample: z.string(),
    }),
  ),
});
export type SystemAnswer = z.infer<typeof systemAnswer>;

export const newWebhook = z.object({ areaId: z.string(), audience, url: z.url() });
export const webhookRow = z.object({
  id: z.string(),
  areaId: z.string(),
  audience,
  url: z.string(),
  createdAt: z.number(),
});
/** The signing secret is shown once. */
export const newWebhookAnswer = z.object({ webhook: webhookRow, secret: z.string() });
export const webhooksAnswer = z.object({ webhooks: z.array(webhookRow) });

/** Frames from the server: only nudges. The rows are the truth; a console fetches them again. */
export const serverFrame = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('hello'), serverAt: z.number() }),
  /** These alerts changed, or are what the notices are about, which are to be confirmed when their alerts are shown. */
  z.object({
    kind: z.literal('alerts'),
    serverAt: z.number(),
    alertIds: z.array(z.string()),
    noticeIds: z.array(z.string()),
  }),
  /** Every 3 s, so that a console knows within 10 s that nobody is there. */
  z.object({ kind: z.literal('beat'), serverAt: z.number() }),
]);
export type ServerFrame = z.infer<typeof serverFrame>;
export const consoleFrame = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('shown'), noticeIds: z.array(z.string()).max(500) }),
]);
export type ConsoleFrame = z.infer<typeof consoleFrame>;
