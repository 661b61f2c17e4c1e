import { setTimeout } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../runtime/clock.ts';
import { repeat } from '../runtime/lifecycle.ts';
import { openLog } from '../runtime/log.ts';
import { openNudge } from '../runtime/nudge.ts';
import { joinStore } from '../store/open.ts';
import { compaction } from './compaction.ts';
import { decode } from './decoders/registry.ts';
import { startPartitions } from './partitions.ts';
import { startProcessor } from './processor.ts';
import { rules } from './rules/registry.ts';
import { sharedJournal } from './shared-journal.ts';
import type { IngestWork, Measured } from './start.ts';

/** The processors of a process's partitions, on a thread of their own, off the loop that serves hubs and people. */
if (!parentPort) throw new Error('ingest/worker.ts runs as a worker thread');
const parent = parentPort;
const { url, port, nudgeName, logLevel, owner, intakeStartedAt } = workerData as IngestWork;

/** Faster than people notice; life-critical alerts do not wait for this. */
const REST_MS = 250;
const COMPACT_EVERY_MS = 5_000;
const COMPACT_PAUSE_MS = 20;

const log = openLog(logLevel, 'ingest');
const memory = joinStore(url, port);
const nudge = openNudge(nudgeName);
const clock = systemClock();
const store = { ...memory.store, ...sharedJournal(memory.store) };
const partitions = await startPartitions({
  ...{ store, clock, log, owner },
  start: (partition, lease) =>
    startProcessor({
      ...{ store, clock, log, nudge, rules, decode, partition, lease, intakeStartedAt },
      measured: (turn) => parent.postMessage({ partition: partition.number, turn } satisfies Measured),
    }),
});
nudge.on('registry', partitions.registryChanged);

/** What is to be done by one process alone is done by the one that has the first partition. */
const compact = compaction({ store: memory.store, clock });
let stopping = false;
const compacting = repeat(log, 'compaction', COMPACT_EVERY_MS, async () => {
  while (!stopping && partitions.has(0) && (await compact())) await setTimeout(COMPACT_PAUSE_MS);
});

let wake = (): void => {};
parent.once('message', () => {
  stopping = true;
  wake();
});

/** A round that fails ends the thread, and with it the process: the memory may be ahead of the disk, and only a clean start is sure. */
while (!stopping) {
  const { caughtUp } = await partitions.round();
  if (!caughtUp) continue;
  await new Promise<void>((resolve) => {
    const timer = globalThis.setTimeout(resolve, REST_MS);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
await compacting.stop();
await partitions.stop();
await memory.close();
nudge.close();
process.exit(0);
