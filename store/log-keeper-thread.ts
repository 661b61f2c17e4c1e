import { parentPort, workerData } from 'node:worker_threads';
import { failureOf } from './failure.ts';
import { openLogKeeper } from './log-keeper.ts';

const EVERY_MS = 500;

/**
 * The log keeper on a thread of its own. What fails for want of space or patience is tried again, and said once until it goes well; a disk
 * that fails ends the process.
 */
if (!parentPort) throw new Error('store/log-keeper-thread.ts runs as a worker thread');
const owner = parentPort;
let failing = false;
const keeper = openLogKeeper(workerData.file);
const timer = setInterval(() => {
  try {
    keeper.tend();
    failing = false;
  } catch (error) {
    if (failureOf(error) === 'lost') throw error;
    if (!failing) owner.postMessage(String(error));
    failing = true;
  }
}, EVERY_MS);

owner.once('message', () => {
  clearInterval(timer);
  keeper.close();
  process.exit(0);
});
