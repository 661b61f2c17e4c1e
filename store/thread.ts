import { setImmediate } from 'node:timers/promises';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { isUrgent } from './commands.ts';
import { locate } from './engine.ts';
import { codeOf, failureOf } from './failure.ts';
import { runHere } from './open.ts';
import type { Call, Reply } from './thread-call.ts';

type Message = Call | { readonly connect: MessagePort } | { readonly close: true };
type Asked = { readonly call: Call; readonly from: MessagePort };

/**
 * The thread that owns the writing (or a reading) connection. Group commits go before everything else that waits, since devices
 * wait for them; at most what is running stands before them.
 */
const { run, close } = runHere(locate(workerData.url), workerData.mode);
const urgent: Asked[] = [];
const others: Asked[] = [];
let busy = false;

async function answer({ call, from }: Asked): Promise<void> {
  try {
    from.postMessage({ id: call.id, value: await run(call.name, call.args) } satisfies Reply);
  } catch (error) {
    // After a failed fsync what is on disk is unknown, and only a clean start tells.
    if (failureOf(error) === 'lost') throw error;
    const cause = error instanceof Error ? error : new Error(String(error));
    from.postMessage({ id: call.id, error: { cause, failure: failureOf(error), code: codeOf(cause) } } satisfies Reply);
  }
}

async function work(): Promise<void> {
  if (busy) return;
  busy = true;
  for (let next = urgent.shift() ?? others.shift(); next; next = urgent.shift() ?? others.shift()) {
    await answer(next);
    // SQLite works without giving way: only a turn of the loop lets the next group commit come before what waits already.
    await setImmediate();
  }
  busy = false;
}

function listen(port: MessagePort, onClose: () => void): void {
  port.on('message', (message: Message) => {
    if ('connect' in message) return listen(message.connect, () => message.connect.close());
    if ('close' in message) return onClose();
    (isUrgent(message.name) ? urgent : others).push({ call: message, from: port });
    void work();
  });
}

if (!parentPort) throw new Error('store/thread.ts runs as a worker thread');
const parent = parentPort;
listen(parent, () => {
  void close().then(() => process.exit(0));
});
