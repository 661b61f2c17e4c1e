import { workerData } from 'node:worker_threads';
import { openLog } from '../runtime/log.ts';
import { openInflux } from '../store/influx.ts';
import { joinStore } from '../store/open.ts';
import { decode } from './decoders/registry.ts';
import { seriesExport } from './series-export.ts';
import type { ExportWork } from './start-series-export.ts';

/** The series' way out, on a thread of its own: analysts never make an alarm wait. It is ended at any moment without loss. */
const { url, port, logLevel, influx } = workerData as ExportWork;
const REST_MS = 1_000;

const round = await seriesExport({
  store: joinStore(url, port).store,
  influx: openInflux(influx),
  decode,
  log: openLog(logLevel, 'series export'),
});
for (;;) {
  if (await round()) await new Promise((resolve) => setTimeout(resolve, REST_MS));
}
