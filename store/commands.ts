import { alertCommands } from './alert.ts';
import { hubCommands } from './hub.ts';
import { journalCommands } from './journal.ts';
import { noticeCommands } from './notice.ts';
import { processorCommands } from './processor.ts';

/** All that can be asked of the memory, by name: one file a noun, one function a statement or transaction. */
export const commands = {
  ...journalCommands,
  ...alertCommands,
  ...noticeCommands,
  ...hubCommands,
  ...processorCommands,
};

export type CommandName = keyof typeof commands;
export type Arguments<N extends CommandName> = Parameters<(typeof commands)[N]['run']>[1];
export type Answer<N extends CommandName> = Awaited<ReturnType<(typeof commands)[N]['run']>>;

/** The memory as its users see it: each command a function, wherever it runs. */
export type Store = { readonly [N in CommandName]: (args: Arguments<N>) => Promise<Answer<N>> };
