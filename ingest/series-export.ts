import type { Decoded, Packet } from '../domain/packet.ts';
import { seconds } from '../domain/time.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/commands.ts';
import type { Influx, SeriesPoint } from '../store/influx.ts';
import { describe, type KnownHub, newDirectory, register } from './directory.ts';
import { insist } from './insist.ts';
import { journalReader } from './journal.ts';
import type { Decode, Entry } from './town.ts';

export type ExportOptions = {
  readonly store: Pick<Store, 'segmentsAfter' | 'streamHeads' | 'cutOf' | 'keepCut' | 'householdsSince' | 'hubsSince'>;
  readonly influx: Influx;
  readonly decode: Decode;
  readonly log: Log;
  /** Told what has been done since it was told last. */
  readonly measured?: (done: ExportMeasured) => void;
  /** How long to wait after the n-th failure in a row. */
  readonly wait?: (failures: number) => Promise<void>;
};

export type ExportMeasured = {
  readonly points: number;
  readonly refused: number;
  readonly failures: number;
  /** When the oldest packet came whose readings have not all been given; null when none waits. */
  readonly waitingSince: number | null;
};

/** What gives the readings away, as a consumer of the journal. */
export const SERIES = 'influx';
/** Who does it: its sign of life tells everybody over this database that somebody does. */
export const SERIES_LEASE = 'series export';
const ENTRIES = 5_000;
/** InfluxDB's own advice for a batch. */
const POINTS = 5_000;
const PAGE = 1_000;
/** A reading's own place within its packet; so many in one packet are told apart. */
const READINGS_A_PACKET = 16;
/** So long at most InfluxDB may be back without our knowing. */
const LONGEST_WAIT_MS = seconds(15);

const backOff = (failures: number): Promise<void> =>
  new Promise((resolve) =>
    setTimeout(resolve, Math.min(LONGEST_WAIT_MS, 250 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2)),
  );

type Progress = Partial<Omit<ExportMeasured, 'waitingSince'>>;

/** Writes a batch until it is taken. What is refused is halved until the point is found that nobody can take; that one is left out. */
async function give(
  points: readonly SeriesPoint[],
  options: Pick<Required<ExportOptions>, 'influx' | 'log' | 'wait'>,
  progress: (made: Progress) => void,
): Promise<void> {
  const { influx, log, wait } = options;
  const [first] = points;
  for (let failures = 1; first; failures++) {
    const answer = await influx.write(points);
    if (answer.kind === 'written') return progress({ points: points.length });
    if (answer.kind === 'unavailable') {
      log.warn({ reason: answer.reason, failures }, 'InfluxDB does not take the readings; they wait in the journal');
      progress({ failures: 1 });
      await wait(failures);
      continue;
    }
    if (points.length === 1) {
      const { hubId, device, kind, at } = first;
      log.error({ reason: answer.reason, hubId, device, kind, at }, 'InfluxDB refuses a reading; it is left out there');
      return progress({ refused: 1 });
    }
    const half = points.length >> 1;
    await give(points.slice(0, half), options, progress);
    return give(points.slice(half), options, progress);
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
  const options = { wait: backOff, measured: () => {}, ...given };
  const { store, decode, log, measured } = options;
  const directory = newDirectory();
  const readRegistry = registryReader(store, directory);
  const readJournal = journalReader(store, await store.cutOf({ consumer: SERIES }));

  /** A packet over which a decoder of ours stumbles stands in the journal for days: it must not end the process each time it is read. */
  function meaning(packet: Packet, hub: KnownHub): Decoded | null {
    try {
      return decode(packet, hub);
    } catch (err) {
      log.error({ err, hubId: hub.hubId }, 'a packet could not be read; what it says is left out of InfluxDB');
      return null;
    }
  }

  function pointsOf({ entry, position }: Entry): SeriesPoint[] {
    if (entry.kind !== 'packet') return [];
    const hub = directory.hubs.get(entry.hubId);
    const decoded = hub && meaning(entry, hub);
    if (!decoded) return [];
    if (decoded.catalogue) describe(directory, hub.hubId, decoded.catalogue);
    return decoded.readings.map(({ device, kind, value, ageMs }, index) => ({
      householdId: hub.householdId,
      hubId: hub.hubId,
      device,
      kind,
      value: Number(value),
      at: entry.receivedAt - ageMs,
      place: position.number * READINGS_A_PACKET + index,
    }));
  }

  return async () => {
    const { entries, cut, caughtUp } = await readJournal(ENTRIES);
    // After it, so that everybody who speaks is known; and until it answers, since these entries are not read again.
    await insist(log, 'the registry', readRegistry);
    const waitingSince = entries[0]?.entry.receivedAt ?? null;
    const progress = (made: Progress): void => measured({ points: 0, refused: 0, failures: 0, waitingSince, ...made });
    progress({});
    const points = entries.flatMap(pointsOf);
    for (let from = 0; from < points.length; from += POINTS)
      await give(points.slice(from, from + POINTS), options, progress);
    if (entries.length > 0) await store.keepCut({ consumer: SERIES, cut });
    if (caughtUp) measured({ points: 0, refused: 0, failures: 0, waitingSince: null });
    return caughtUp;
  };
}
