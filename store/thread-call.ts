import { type MessagePort, Worker } from 'node:worker_threads';
import type { CommandName } from './commands.ts';
import { type Failure, StoreError } from './failure.ts';

/** A command on its way to a store thread, and its answer. */
export type Call = { readonly id: number; readonly name: CommandName; readonly args: unknown };
export type Reply = {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly cause: Error; readonly failure: Failure; readonly code: string | undefined };
};

export type Caller = {
  readonly call: (name: CommandName, args: unknown) => Promise<unknown>;
  readonly close: () => Promise<void>;
};

/** Calls commands through a worker or a port. A thread that dies takes its process with it: nothing may wait for it in silence. */
export function callThrough(peer: Worker | MessagePort): Caller {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let next = 0;
  let closing = false;
  let idle = (): void => {};

  peer.on('message', (reply: Reply) => {
    const caller = waiting.get(reply.id);
    if (!caller) return;
    waiting.delete(reply.id);
    if (reply.error) caller.reject(new StoreError(reply.error.failure, reply.error.cause, reply.error.code));
    else caller.resolve(reply.value);
    if (waiting.size === 0) idle();
  });
  peer.on('error', (error: Error) => {
    throw new Error('The store thread failed; nothing more can be promised.', { cause: error });
  });

  return {
    call(name, args) {
      if (closing) return Promise.reject(new Error(`${name} came after the store was closed`));
      return new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        // Copied, not handed over: a segment must be there still when it has to be asked again.
        peer.postMessage({ id, name, args } satisfies Call);
      });
    },
    async close() {
      closing = true;
      if (waiting.size > 0) await new Promise<void>((resolve) => (idle = resolve));
      peer.postMessage({ close: true });
      await new Promise((resolve) => peer.once(peer instanceof Worker ? 'exit' : 'close', resolve));
    },
  };
}
