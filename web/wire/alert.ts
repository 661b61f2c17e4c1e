import * as z from 'zod';
import { alert, alertAction, alertEvent, alertState } from '../../domain/alert.ts';
import { delivery, notice } from '../../domain/notice.ts';

/** An alert as a row of the queue: with the words a person needs to know where it is. */
export const queuedAlert = alert.extend({
  householdName: z.string(),
  householdMode: z.string(),
  address: z.string(),
  stationName: z.string(),
  /** The room or device or resident that the subject names, in words; '' where it adds nothing. */
  subjectName: z.string(),
  takenByName: z.string().nullable(),
});
export type QueuedAlert = z.infer<typeof queuedAlert>;

export const queueQuery = z.object({
  state: z.enum(['open', 'mine', 'unclosed', 'closed']).default('unclosed'),
  limit: z.coerce.number().int().min(1).max(500).default(200),
});
/** In the order in which they should be taken: priority, then deadline. `serverAt` sets the clocks of the screen. */
export const queueAnswer = z.object({
  serverAt: z.number(),
  alerts: z.array(queuedAlert),
  counts: z.record(alertState, z.number()),
});
export type QueueAnswer = z.infer<typeof queueAnswer>;

export const alertAnswer = z.object({
  serverAt: z.number(),
  alert: queuedAlert,
  events: z.array(alertEvent.extend({ byName: z.string().nullable() })),
  occurrences: z.array(z.object({ at: z.number(), delayMs: z.number(), text: z.string() })),
  notices: z.array(notice),
  deliveries: z.array(delivery),
});
export type AlertAnswer = z.infer<typeof alertAnswer>;

/** A change names the version it was decided on; a 409 answers that somebody was quicker, with the alert as it now is. */
export const actRequest = z.object({ version: z.number().int(), action: alertAction });
export type ActRequest = z.infer<typeof actRequest>;
export const actAnswer = z.object({ alert: queuedAlert });

/** A console says that it has shown these notices: that is the console channel's proof of delivery. */
export const shownRequest = z.object({ noticeIds: z.array(z.string()).max(500) });
