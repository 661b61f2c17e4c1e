import { setImmediate, setTimeout } from 'node:timers/promises';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { isUrgent } from './commands.ts';
import { locate } from './engine.ts';
import { codeOf, failureOf } from './failure.ts';
import { runHere } from './open.ts';
import type { Call, Reply } from './thread-call.ts';

type Message = Call | { readonly connect: MessagePort } | { readonly close: true };
type Waiting = { readonly call: Call; readonly from: MessagePort };

/** A turn that takes longer waits for its disk: then what waits meanwhile goes together, with one synchronisation for all. */
const SLOW_MS = 30;
/**
 * Of such a turn's time, the rest after it: who has been answered asks again at once and is to find a place in the next turn, and other
 * processes get hold of the file, for which SQLite lets them ask every tenth of a second only.
 */
const REST = 1 / 15;
const OTHERS_AT_ONCE = 20;

/** After so many group commits in a row one of the others has its turn: the two lanes of an intake may never rest, and deadlines pass meanwhile. */
const URGENT_IN_A_ROW = 8;

/**
 * The thread that owns the writing (or a reading) connection. Group commits go before everything else that waits, since devices
 * wait for them; at most what is running stands before them, and now and then one of the others.
 */
const { run, runTogether, close } = runHere(locate(workerData.url), workerData.mode);
const urgent: Waiting[] = [];
const others: Waiting[] = [];
let busy = false;
let isSlow = false;
let inARow = 0;

function failed({ call, from }: Waiting, error: unknown): void {
  // After a failed fsync what is on disk is unknown, and only a clean start tells.
  if (failureOf(error) === 'lost') throw error;
  const cause = error instanceof Error ? error : new Error(String(error));
  from.postMessage({ id: call.id, error: { cause, failure: failureOf(error), code: codeOf(cause) } } satisfies Reply);
}

async function answer(one: Waiting): Promise<void> {
  try {
    one.from.postMessage({ id: one.call.id, value: await run(one.call.name, one.call.args) } satisfies Reply);
  } catch (error) {
    failed(one, error);
  }
}

async function answerTogether(all: readonly Waiting[]): Promise<void> {
  const outcomes = await runTogether(all.map(({ call }) => call)).catch((reason: unknown) =>
    all.map(() => ({ status: 'rejected' as const, reason })),
  );
  for (const [nth, one] of all.entries()) {
    const outcome = outcomes[nth];
    if (outcome?.status === 'fulfilled')
      one.from.postMessage({ id: one.call.id, value: outcome.value } satisfies Reply);
    else failed(one, outcome?.reason);
  }
}

function nextTurn(): Waiting[] {
  if (isSlow && workerData.mode === 'write') return [...urgent.splice(0), ...others.splice(0, OTHERS_AT_ONCE)];
  const othersAreDue = inARow >= URGENT_IN_A_ROW && others.length > 0;
  inARow = urgent.length > 0 && !othersAreDue ? inARow + 1 : 0;
  const next = inARow > 0 ? urgent.shift() : others.shift();
  return next ? [next] : [];
}

async function work(): Promise<void> {
  if (busy) return;
  busy = true;
  for (let turn = nextTurn(); turn.length > 0; turn = nextTurn()) {
    const from = performance.now();
    const [one] = turn;
    if (one && turn.length === 1) await answer(one);
    else await answerTogether(turn);
    const tookMs = performance.now() - from;
    isSlow = tookMs > SLOW_MS;
    // SQLite works without giving way: only a turn of the loop lets the next group commit come before what waits already.
    await (isSlow ? setTimeout(tookMs * REST) : setImmediate());
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
