import { type MessagePort, Worker } from 'node:worker_threads';
import type { Stop } from '../runtime/lifecycle.ts';
import type { InfluxOptions } from '../store/influx.ts';

export type ExportWork = {
  readonly url: string;
  readonly port: MessagePort | null;
  readonly logLevel: string;
  readonly influx: InfluxOptions;
};

/** Gives every reading to InfluxDB, from where it stopped. A thread that fails ends the process, which starts clean. */
export function startSeriesExport({ fatal, ...work }: ExportWork & { readonly fatal: (error: Error) => void }): Stop {
  const worker = new Worker(new URL('./worker-series-export.ts', import.meta.url), {
    name: 'series-export',
    workerData: work satisfies ExportWork,
    transferList: work.port ? [work.port] : [],
  });
  worker.on('error', (cause) => fatal(new Error('The series export failed.', { cause })));
  return async () => {
    await worker.terminate();
  };
}
