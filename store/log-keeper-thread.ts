import { parentPort, workerData } from 'node:worker_threads';
import { failureOf } from './failure.ts';
import { openLogKeeper } from './log-keeper.ts';

const EVERY_MS = 500;

/** The log keeper on a thread of its own. What fails for want of space or patience is tried again; a disk that fails ends the process. */
if (!parentPort) throw new Error('store/log-keeper-thread.ts runs as a worker thread');
const keeper = openLogKeeper(workerData.file);
const timer = setInterval(() => {
  try {
    keeper.tend();
  } catch (error) {
    if (failureOf(error) === 'lost') throw error;
  }
}, EVERY_MS);

parentPort.once('message', () => {
  clearInterval(timer);
  keeper.close();
  process.exit(0);
});
