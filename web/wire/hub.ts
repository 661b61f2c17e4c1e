import * as z from 'zod';
import { command, commandPayload, commandTopic } from '../../domain/down-link.ts';

/** `minutes`: how long it waits for a hub that is not connected. */
export const newCommand = z.object({
  topic: commandTopic,
  payload: commandPayload,
  minutes: z.number().int().min(1).max(1_440).default(60),
});
export const commandsQuery = z.object({ limit: z.coerce.number().int().min(1).max(200).default(20) });
export const commandAnswer = command;
export const commandsAnswer = z.object({ commands: z.array(command) });
