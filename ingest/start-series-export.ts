import { type MessagePort, Worker } from 'node:worker_threads';
import type { Stop } from '../runtime/lifecycle.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { InfluxOptions } from '../store/influx.ts';
import type { ExportMeasured } from './series-export.ts';

export type ExportWork = {
  readonly url: string;
  readonly port: MessagePort | null;
  readonly logLevel: string;
  /** This process among those over one database. */
  readonly owner: string;
  readonly influx: InfluxOptions;
};

function meters(metrics: Metrics): (done: ExportMeasured) => void {
  let waitingSince: number | null = null;
  const points = metrics.counter('shouwang_series_points_total', 'Readings that InfluxDB has taken');
  const refused = metrics.counter('shouwang_series_refused_total', 'Readings that InfluxDB will never take');
  const failures = metrics.counter('shouwang_series_failures_total', 'Times that InfluxDB did not take a batch');
  metrics.gauge('shouwang_series_behind_seconds', 'For how long the oldest reading has waited for InfluxDB', () =>
    waitingSince === null ? 0 : Math.max(0, Date.now() - waitingSince) / 1_000,
  );
  return (done) => {
    points.inc(done.points);
    refused.inc(done.refused);
    failures.inc(done.failures);
    waitingSince = done.waitingSince;
  };
}

export type StartExportOptions = ExportWork & { readonly metrics: Metrics; readonly fatal: (error: Error) => void };

/** Gives every reading to InfluxDB, from where it stopped. A thread that fails ends the process, which starts clean. */
export function startSeriesExport({ fatal, metrics, ...work }: StartExportOptions): Stop {
  const worker = new Worker(new URL('./worker-series-export.ts', import.meta.url), {
    name: 'series-export',
    workerData: work satisfies ExportWork,
    transferList: work.port ? [work.port] : [],
  });
  worker.on('message', meters(metrics));
  worker.on('error', (cause) => fatal(new Error('The series export failed.', { cause })));
  return async () => {
    await worker.terminate();
  };
}
