import * as z from 'zod';
import { audience, channelName } from './plan.ts';

/** One thing to tell one audience through one channel. `waiting`: handed over, and the receiver's own word is still to come. */
export const noticeState = z.enum(['due', 'waiting', 'delivered', 'suppressed', 'failed', 'superseded']);
export type NoticeState = z.infer<typeof noticeState>;

/** Why a notice goes out or does not; a word from a closed list, spoken by rows, logs, metrics and screens. */
export const verdictReason = z.enum([
  'sent',
  'absent_resident',
  'maintenance',
  'commissioning',
  'duplicate',
  'hub_lost',
  'rate',
  'alert_in_hand',
  'alert_closed',
  'no_destination',
  'not_heard',
  'refused',
  'unreachable',
]);
export type VerdictReason = z.infer<typeof verdictReason>;

export const notice = z.object({
  id: z.string(),
  alertId: z.string(),
  householdId: z.string(),
  /** Which rung of the plan it belongs to, and which round of the last one. */
  step: z.number().int(),
  round: z.number().int(),
  audience,
  channel: channelName,
  /** Where it goes next when this channel is not heard. */
  fallback: z.array(channelName),
  state: noticeState,
  reason: verdictReason.nullable(),
  attempts: z.number().int(),
  createdAt: z.number(),
  nextAttemptAt: z.number(),
  deliveredAt: z.number().nullable(),
});
export type Notice = z.infer<typeof notice>;

/** One attempt at a notice, with the receiver's answer as it was given. */
export const delivery = z.object({
  id: z.string(),
  noticeId: z.string(),
  alertId: z.string(),
  channel: channelName,
  destination: z.string(),
  attemptedAt: z.number(),
  outcome: z.enum(['sent', 'waiting', 'retry', 'gave_up', 'suppressed']),
  reason: verdictReason,
  answer: z.string(),
});
export type Delivery = z.infer<typeof delivery>;

/** What a plan asks for before it is a row: who, through what first, and through what then. */
export type NoticeOrder = Pick<Notice, 'step' | 'round' | 'audience' | 'channel' | 'fallback'>;

/** How long a channel may take to be heard before the next one is tried. */
export const HEARD_WITHIN_MS = 15_000;
