import { parentPort, workerData } from 'node:worker_threads';
import { seconds } from '../domain/time.ts';
import { systemClock } from '../runtime/clock.ts';
import { repeat } from '../runtime/lifecycle.ts';
import { openLog } from '../runtime/log.ts';
import { failureOf } from '../store/failure.ts';
import { openInflux } from '../store/influx.ts';
import { joinStore } from '../store/open.ts';
import { decode } from './decoders/registry.ts';
import { type ExportMeasured, SERIES_LEASE, seriesExport } from './series-export.ts';
import { sole } from './sole.ts';
import type { ExportWork } from './start-series-export.ts';

/** The series' way out, on a thread of its own: analysts never make an alarm wait. It is ended at any moment without loss. */
if (!parentPort) throw new Error('ingest/worker-series-export.ts runs as a worker thread');
const parent = parentPort;
const { url, port, logLevel, owner, influx } = workerData as ExportWork;
const REST_MS = seconds(1);
const RENEW_MS = seconds(2);
const NOTHING: ExportMeasured = { points: 0, refused: 0, failures: 0, waitingSince: null };

const log = openLog(logLevel, 'series export');
const { store } = joinStore(url, port);
const tell = (done: ExportMeasured): void => parent.postMessage(done);

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

/** Over one database one of the processes gives. */
const isSole = sole({ store, clock: systemClock(), name: SERIES_LEASE, owner });
let isOurs = false;
repeat(log, 'series export', RENEW_MS, async () => {
  isOurs = (await whenReached(isSole)) ?? isOurs;
});

const open = () => seriesExport({ store, decode, log, influx: openInflux(influx), measured: tell });
let round: Awaited<ReturnType<typeof open>> | null = null;
for (;;) {
  if (!isOurs && round) tell(NOTHING);
  // Whoever takes over goes on from what the other has kept.
  round = isOurs ? (round ?? (await whenReached(open))) : null;
  const isLevel = round && (await whenReached(round));
  if (isLevel !== false) await new Promise((resolve) => setTimeout(resolve, REST_MS));
}
