import { parentPort, workerData } from 'node:worker_threads';
import { openLog } from '../runtime/log.ts';
import { failureOf } from '../store/failure.ts';
import { openInflux } from '../store/influx.ts';
import { joinStore } from '../store/open.ts';
import { decode } from './decoders/registry.ts';
import { seriesExport } from './series-export.ts';
import type { ExportWork } from './start-series-export.ts';

/** The series' way out, on a thread of its own: analysts never make an alarm wait. It is ended at any moment without loss. */
if (!parentPort) throw new Error('ingest/worker-series-export.ts runs as a worker thread');
const parent = parentPort;
const { url, port, logLevel, influx } = workerData as ExportWork;
const REST_MS = 1_000;

const log = openLog(logLevel, 'series export');
const { store } = joinStore(url, port);

/** Null while the memory cannot be reached: the journal waits there. */
async function whenReached<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (err) {
    if (failureOf(err) !== 'unavailable') throw err;
    log.warn({ err }, 'the journal cannot be read; the readings wait there');
    return null;
  }
}

const rest = () => new Promise((resolve) => setTimeout(resolve, REST_MS));
const open = () =>
  seriesExport({
    ...{ store, decode, log, influx: openInflux(influx) },
    measured: (done) => parent.postMessage(done),
  });

let round = await whenReached(open);
for (; ; round ??= await whenReached(open)) {
  const isLevel = round && (await whenReached(round));
  if (isLevel !== false) await rest();
}
