import { alarmStateCommands } from './alarm-state.ts';
import { alertCommands } from './alert.ts';
import { areaCommands } from './area.ts';
import { auditCommands } from './audit.ts';
import { beatCommands } from './beat.ts';
import { belongingCommands } from './belonging.ts';
import { checkpointCommands } from './checkpoint.ts';
import { compactionCommands } from './compaction.ts';
import { downLinkCommands } from './down-link.ts';
import { figureCommands } from './figures.ts';
import { householdCommands } from './household.ts';
import { householdListCommands } from './household-list.ts';
import { hubCommands } from './hub.ts';
import { hubLinkCommands } from './hub-link.ts';
import { journalCommands } from './journal.ts';
import { leaseCommands } from './lease.ts';
import { liveCommands } from './live.ts';
import { lookCommands } from './look.ts';
import { noticeCommands } from './notice.ts';
import { occurrenceCommands } from './occurrence.ts';
import { processorCommands } from './processor.ts';
import { queueCommands } from './queue.ts';
import { registrationCommands } from './registration.ts';
import { retentionCommands } from './retention.ts';
import { seriesCommands } from './series.ts';
import { setBackCommands } from './set-back.ts';
import { systemCommands } from './system.ts';
import { tellingCommands } from './telling.ts';
import { userCommands } from './user.ts';
import { watchedHouseholdCommands } from './watched-household.ts';
import { webhookCommands } from './webhook.ts';

/** All that can be asked of the memory, by name: one file a noun, one function a statement or transaction. */
export const commands = {
  ...journalCommands,
  ...alertCommands,
  ...noticeCommands,
  ...setBackCommands,
  ...occurrenceCommands,
  ...tellingCommands,
  ...auditCommands,
  ...beatCommands,
  ...hubCommands,
  ...hubLinkCommands,
  ...downLinkCommands,
  ...alarmStateCommands,
  ...processorCommands,
  ...checkpointCommands,
  ...compactionCommands,
  ...watchedHouseholdCommands,
  ...areaCommands,
  ...householdCommands,
  ...householdListCommands,
  ...belongingCommands,
  ...registrationCommands,
  ...seriesCommands,
  ...retentionCommands,
  ...queueCommands,
  ...liveCommands,
  ...leaseCommands,
  ...userCommands,
  ...lookCommands,
  ...webhookCommands,
  ...systemCommands,
  ...figureCommands,
};

export type CommandName = keyof typeof commands;
export type Arguments<N extends CommandName> = Parameters<(typeof commands)[N]['run']>[1];
export type Answer<N extends CommandName> = Awaited<ReturnType<(typeof commands)[N]['run']>>;

/** The memory as its users see it: each command a function, wherever it runs. */
export type Store = { readonly [N in CommandName]: (args: Arguments<N>) => Promise<Answer<N>> };

/** Devices wait for group commits: these go before everything else. */
export const isUrgent = (name: CommandName): boolean => name === 'commitSegment';
