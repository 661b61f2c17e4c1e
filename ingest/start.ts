import { once } from 'node:events';
import { type MessagePort, Worker } from 'node:worker_threads';
import { systemClock } from '../runtime/clock.ts';
import type { Stop } from '../runtime/lifecycle.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { TurnMeasured } from './processor.ts';

/** What the thread is given. `port` is the way to the process's writer; null where every thread has connections of its own. */
export type IngestWork = {
  readonly url: string;
  readonly port: MessagePort | null;
  readonly nudgeName: string;
  readonly logLevel: string;
  /** Whose leases they are; the same after a restart. */
  readonly owner: string;
  readonly intakeStartedAt: number | null;
};

export type Measured = { readonly partition: number; readonly turn: TurnMeasured };

export type IngestOptions = Omit<IngestWork, 'intakeStartedAt'> & {
  /** Whether hubs connect to this process, so that none is connected when it starts. */
  readonly intake: 'here' | 'elsewhere';
  readonly metrics: Metrics;
  /** The thread has died: without it nobody watches. */
  readonly fatal: (error: Error) => void;
};

function meters(metrics: Metrics): (turn: Measured) => void {
  const behind = new Map<number, number>();
  const readings = metrics.counter('shouwang_processor_readings_total', 'Readings taken up, without duplicates');
  const entries = metrics.counter('shouwang_processor_entries_total', 'Entries of the journal dealt with');
  const failures = metrics.counter('shouwang_processor_rule_failures_total', 'Times that a rule threw');
  const unknown = metrics.counter('shouwang_processor_unknown_hubs_total', 'Entries of hubs that are in no household');
  const anew = metrics.counter(
    'shouwang_processor_counted_anew_total',
    'Times that a hub gave numbers of one "boot" a second time; which hubs is in the log',
  );
  const seconds = metrics.seconds(
    'shouwang_processor_turn_seconds',
    'From looking for new entries to having them on disk',
  );
  metrics.gauge('shouwang_processor_behind_ms', 'Age of the oldest entry of the last turn', () =>
    Math.max(0, ...behind.values()),
  );
  metrics.gauge('shouwang_processor_partitions', 'Partitions that this process has worked on', () => behind.size);
  return ({ partition, turn }) => {
    readings.inc(turn.readings);
    entries.inc(turn.entries);
    failures.inc(turn.failures);
    unknown.inc(turn.unknownHubs);
    anew.inc(turn.countingAnew);
    seconds.observe(turn.seconds);
    behind.set(partition, turn.behindMs);
  };
}

/** Starts the processor on a thread of its own; the stop waits for its last checkpoint. */
export function startIngest({ metrics, fatal, intake, ...options }: IngestOptions): Stop {
  // The front door may have been open before this thread: no connection of this process is older than the process.
  const processStartedAt = systemClock().now() - process.uptime() * 1_000;
  const work: IngestWork = { ...options, intakeStartedAt: intake === 'here' ? processStartedAt : null };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    name: 'ingest',
    workerData: work,
    transferList: work.port ? [work.port] : [],
  });
  const ended = once(worker, 'exit');
  let stopping = false;
  worker.on('message', meters(metrics));
  worker.on('error', (cause) =>
    fatal(new Error('The processor failed; nobody watches until a clean start.', { cause })),
  );
  worker.on('exit', (code) => {
    if (!stopping) fatal(new Error(`The processor ended by itself (${code}).`));
  });
  return async () => {
    stopping = true;
    worker.postMessage('stop');
    await ended;
  };
}
