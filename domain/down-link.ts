import * as z from 'zod';
import type { Category } from './category.ts';
import type { Ecosystem } from './hub.ts';
import { hours, minutes } from './time.ts';

/** A hub takes messages of this size, as we take them from it. */
export const COMMAND_BYTES = 65_536;

/** Whatever a hub subscribed to is its own name-space, since nothing but its own messages reaches it; a `$` topic is the server's. */
export const commandTopic = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^$+#][^+#]*$/, 'a topic without + or #, not beginning with $');

export const commandPayload = z
  .string()
  .refine((text) => new TextEncoder().encode(text).length <= COMMAND_BYTES, `at most ${COMMAND_BYTES} bytes`);

/** How long a command waits for a hub that is not connected, unless somebody says otherwise. */
export const COMMAND_WAITS_MS = hours(1);

/** One message to a hub on its down-link: `sent` when the hub has answered for it, or it was written where the hub answers for nothing. */
export const command = z.object({
  id: z.string(),
  hubId: z.string(),
  topic: commandTopic,
  payload: commandPayload,
  /** Null: Shouwang itself. */
  askedBy: z.string().nullable(),
  createdAt: z.number(),
  expiresAt: z.number(),
  state: z.enum(['waiting', 'sent', 'expired']),
  sentAt: z.number().nullable(),
});
export type Command = z.infer<typeof command>;

/** "Help is coming" is no news any more after this. */
export const NEWS_WAITS_MS = minutes(10);

/** What tells a hub that a person has its household's emergency in hand; null where the ecosystem has no word for it. */
export function takenNews(
  ecosystem: Ecosystem,
  clientId: string,
  category: Category,
): Pick<Command, 'topic' | 'payload'> | null {
  switch (ecosystem) {
    case 'shouwang':
      return { topic: `sw/${clientId}/down`, payload: JSON.stringify({ alert: { category, state: 'taken' } }) };
    case 'zigbee2mqtt':
      return null;
    default:
      return ecosystem satisfies never;
  }
}
