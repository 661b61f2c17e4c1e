import { seconds } from '../domain/time.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/commands.ts';
import type { Influx, SeriesPoint } from '../store/influx.ts';
import { describe, newDirectory, register } from './directory.ts';
import { journalReader } from './journal.ts';
import type { Decode, Entry } from './town.ts';

export type ExportOptions = {
  readonly store: Pick<Store, 'segmentsAfter' | 'streamHeads' | 'cutOf' | 'keepCut' | 'householdsSince' | 'hubsSince'>;
  readonly influx: Influx;
  readonly decode: Decode;
  readonly log: Log;
  /** How long to wait after the n-th failure in a row. */
  readonly wait?: (failures: number) => Promise<void>;
};

const CONSUMER = 'influx';
const ENTRIES = 5_000;
/** InfluxDB's own advice for a batch. */
const POINTS = 5_000;
const PAGE = 1_000;
const LONGEST_WAIT_MS = seconds(60);

const backOff = (failures: number): Promise<void> =>
  new Promise((resolve) =>
    setTimeout(resolve, Math.min(LONGEST_WAIT_MS, 500 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2)),
  );

/** Writes a batch until it is taken. What is refused is halved until the point is found that nobody can take; that one is left out. */
async function insist(points: readonly SeriesPoint[], options: Required<ExportOptions>): Promise<void> {
  const { influx, log, wait } = options;
  for (let failures = 1; points.length > 0; failures++) {
    const answer = await influx.write(points);
    if (answer.kind === 'written') return;
    if (answer.kind === 'unavailable') {
      log.warn({ reason: answer.reason, failures }, 'InfluxDB does not take the readings; they wait in the journal');
      await wait(failures);
      continue;
    }
    if (points.length === 1) {
      log.error({ reason: answer.reason, kind: points[0]?.kind }, 'InfluxDB refuses a reading; it is left out there');
      return;
    }
    const half = points.length >> 1;
    await insist(points.slice(0, half), options);
    return insist(points.slice(half), options);
  }
}

/** The registry as decoding needs it. */
function registryReader(store: ExportOptions['store'], directory: ReturnType<typeof newDirectory>) {
  const read = { households: 0, hubs: 0 };
  return async (): Promise<void> => {
    for (;;) {
      const { hubs, revision } = await store.hubsSince({ revision: read.hubs, limit: PAGE });
      read.hubs = revision;
      for (const { hubId, catalogue } of hubs) if (catalogue) describe(directory, hubId, catalogue);
      if (hubs.length < PAGE) break;
    }
    for (;;) {
      const { households, revision } = await store.householdsSince({ revision: read.households, limit: PAGE });
      read.households = revision;
      for (const household of households) register(directory, household);
      if (households.length < PAGE) return;
    }
  };
}

/**
 * Gives every reading of the journal to InfluxDB, with an offset of its own that moves only when all before it has been taken. Copies
 * fall on the same point. Returns one round's work; true when all that was there has been given.
 */
export async function seriesExport(given: ExportOptions): Promise<() => Promise<boolean>> {
  const options = { wait: backOff, ...given };
  const { store, decode } = options;
  const directory = newDirectory();
  const readRegistry = registryReader(store, directory);
  const readJournal = journalReader(store, await store.cutOf({ consumer: CONSUMER }));

  function pointsOf({ entry }: Entry): SeriesPoint[] {
    if (entry.kind !== 'packet') return [];
    const hub = directory.hubs.get(entry.hubId);
    if (!hub) return [];
    const { readings, catalogue } = decode(entry, hub);
    if (catalogue) describe(directory, hub.hubId, catalogue);
    return readings.map(({ device, kind, value, ageMs }) => ({
      householdId: hub.householdId,
      hubId: hub.hubId,
      device,
      kind,
      value: Number(value),
      at: entry.receivedAt - ageMs,
    }));
  }

  return async () => {
    await readRegistry();
    const { entries, cut, caughtUp } = await readJournal(ENTRIES);
    if (entries.length === 0) return caughtUp;
    const points = entries.flatMap(pointsOf);
    for (let from = 0; from < points.length; from += POINTS) await insist(points.slice(from, from + POINTS), options);
    await store.keepCut({ consumer: CONSUMER, cut });
    return caughtUp;
  };
}
