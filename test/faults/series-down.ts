import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { dice } from '../../device-sim/dice.ts';
import type { HubLine } from '../../device-sim/hubs-csv.ts';
import { latencies } from '../../device-sim/latency.ts';
import { runLoad } from '../../device-sim/load.ts';
import { decode } from '../../ingest/decoders/registry.ts';
import { SERIES, seriesExport } from '../../ingest/series-export.ts';
import { silentLog } from '../../runtime/log.ts';
import type { SeriesPoint } from '../../store/influx.ts';
import { openStoreToRead } from '../../store/open.ts';
import { temporaryFolder } from '../memory.ts';
import { hubLinesOf, logIn, registerHomes } from '../person.ts';
import { type System, startSystem, until } from '../system.ts';
import { startVictoriaMetrics, type VictoriaMetrics, victoriaMetricsAvailable } from '../victoria-metrics.ts';
import { sentence } from './against.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome } from './fault.ts';
import { type Mood, type MoodyReceiver, openMoodyReceiver } from './moody-receiver.ts';

type Shape = {
  readonly homes: number;
  readonly rate: number;
  /** How long all is well before, how long the receiver is gone, and how long each of its bad moods lasts. */
  readonly wellMs: number;
  readonly goneMs: number;
  readonly moodMs: number;
  readonly refused: number;
  /** The p99 of an emergency's PUBACK during the outage against before. */
  readonly slower: number;
  readonly presentWithinMs: number;
  /** What is behind must be given so many times as fast as it came. */
  readonly catchesUp: number;
};
const SHORT: Shape = {
  ...{ homes: 40, rate: 400, wellMs: 3_000, goneMs: 4_000, moodMs: 200, refused: 3 },
  ...{ slower: 20, presentWithinMs: 60_000, catchesUp: 0 },
};
const FULL: Shape = {
  ...{ homes: 2_000, rate: 2_250, wellMs: 300_000, goneMs: 600_000, moodMs: 60_000, refused: 20 },
  ...{ slower: 1.1, presentWithinMs: 900_000, catchesUp: 2 },
};

const POISON = 'device=poison';

/** What every analyst should have: the points of the whole journal, given to nobody. */
async function pointsOf(database: string): Promise<SeriesPoint[]> {
  const { store, close } = openStoreToRead(database);
  const points: SeriesPoint[] = [];
  const round = await seriesExport({
    store: { ...store, cutOf: async () => ({}), keepCut: async () => {} },
    influx: {
      async write(some) {
        points.push(...some);
        return { kind: 'written' };
      },
    },
    ...{ decode, log: silentLog },
  });
  while (!(await round()));
  await close();
  return points;
}

const sampleOf = ({ kind, hubId, device, at }: SeriesPoint): string => `${kind} ${hubId} ${device} ${Math.trunc(at)}`;

/** How many entries of the journal the export has behind it, and how many there are. */
async function standing(database: string): Promise<{ given: number; written: number }> {
  const { store, close } = openStoreToRead(database);
  const sum = (cut: Readonly<Record<string, number>>) => Object.values(cut).reduce((a, b) => a + b, 0);
  const given = sum(await store.cutOf({ consumer: SERIES }));
  const written = sum(await store.streamHeads(null));
  await close();
  return { given, written };
}

async function figure(system: System, name: string): Promise<number> {
  const text = await (await fetch(`${system.httpUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

/** Readings that the receiver will never take, in the midst of the others. */
async function poison(port: number, { clientId, username, password }: HubLine, count: number): Promise<void> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId, username, password, reconnectPeriod: 0 });
  for (let seq = 1; seq <= count; seq++) {
    const readings = [{ kind: 'temperature', device: 'poison', value: 20 + seq / 100 }];
    await client.publishAsync(`sw/${clientId}/up`, JSON.stringify({ boot: 'p', seq, readings }), { qos: 1 });
  }
  await client.endAsync();
}

const BAD: readonly Mood[] = ['errors', 'busy', 'hangs', 'forgets'];

/** It is in one bad mood after the other, in an order of chance, and well in between. */
async function moodiness({ seed }: FaultRun, { moodMs }: Shape, receiver: MoodyReceiver): Promise<void> {
  const { pick } = dice('series-down', seed);
  const metIn = async (mood: Mood) => {
    const before = receiver.batches[mood];
    receiver.be(mood);
    await until(`a batch while it is ${mood}`, () => receiver.batches[mood] > before, 60_000);
  };
  for (let left = [...BAD]; left.length > 0; ) {
    const mood = pick(left as [Mood, ...Mood[]]);
    left = left.filter((it) => it !== mood);
    await metIn(mood);
    await pause(moodMs);
    await metIn('well');
  }
}

/** How long it takes until all is given that was there now, and how much that was. */
async function catchUp(database: string, withinMs: number) {
  const { given, written } = await standing(database);
  const from = performance.now();
  const done = async () => (await standing(database)).given >= written;
  const inTime = await until('what was behind to be given', done, withinMs).catch(() => false);
  const tookMs = performance.now() - from;
  return { entries: written - given, tookMs, inTime, perSecond: Math.round(((written - given) * 1_000) / tookMs) };
}

type Stage = { readonly system: System; readonly victoria: VictoriaMetrics; readonly receiver: MoodyReceiver };

/** Homes talk all the while; the receiver goes, comes back and is moody. What was seen of it. */
async function outage(run: FaultRun, shape: Shape, { system, victoria, receiver }: Stage, database: string) {
  const times = { well: latencies(), down: latencies(), back: latencies() };
  let phase: keyof typeof times = 'well';
  let acked = 0;
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const [poisoned, ...hubs] = hubLinesOf((await registerHomes(owner, shape.homes + 1)).homes);
  if (!poisoned) throw new Error('no home was registered');
  const ended = new AbortController();
  const load = runLoad({
    ...{ host: '127.0.0.1', port: system.mqttPort, hubs, rate: shape.rate, seconds: 36_000, criticalPerMille: 50 },
    signal: ended.signal,
    onAck(_, __, ___, critical, ms) {
      acked++;
      if (critical) times[phase].add(ms);
    },
  });
  try {
    await until('acknowledgements', () => acked > shape.rate, 60_000);
    times.well = latencies();
    await pause(shape.wellMs);
    run.say('the receiver goes');
    phase = 'down';
    await victoria.goDown();
    await receiver.goDown();
    await pause(shape.goneMs / 2);
    await poison(system.mqttPort, poisoned, shape.refused);
    await pause(shape.goneMs / 2);
    const behindSeconds = await figure(system, 'shouwang_series_behind_seconds');
    phase = 'back';
    await victoria.comeUp();
    await receiver.comeUp();
    run.say('the receiver is back');
    const behind = await catchUp(database, shape.presentWithinMs);
    await moodiness(run, shape, receiver);
    ended.abort();
    const { unacked } = await load;
    await until('the export to be level', () => isLevel(system, database), shape.presentWithinMs).catch(() => {});
    return { times, acked, unacked, behindSeconds, behind };
  } finally {
    ended.abort();
    await load;
  }
}

async function isLevel(system: System, database: string): Promise<boolean> {
  const { given, written } = await standing(database);
  return given === written && (await figure(system, 'shouwang_series_behind_seconds')) === 0;
}

/** What the journal holds against what the receiver has. */
async function compare({ system, victoria }: Stage, database: string) {
  const points = (await pointsOf(database)).filter(({ device }) => device !== 'poison');
  const wanted = new Set(points.map(sampleOf));
  const samples = await victoria.samples();
  const present = new Set(samples);
  return {
    ...{ points: points.length, samples: samples.length },
    missing: [...wanted].filter((sample) => !present.has(sample)),
    strange: [...present].filter((sample) => !wanted.has(sample)),
    refused: await figure(system, 'shouwang_series_refused_total'),
  };
}

async function play(run: FaultRun, shape: Shape): Promise<Outcome> {
  const folder = temporaryFolder();
  const database = join(folder.path, 'shouwang.db');
  const victoria = await startVictoriaMetrics();
  const receiver = await openMoodyReceiver(victoria.url, POISON);
  const system = await startSystem({ dataDir: folder.path, env: { SHOUWANG_INFLUX_URL: receiver.url } });
  const stage = { system, victoria, receiver };
  try {
    const { times, acked, unacked, behindSeconds, behind } = await outage(run, shape, stage, database);
    const { points, samples, missing, strange, refused } = await compare(stage, database);
    const p99 = (of: keyof typeof times) => times[of].quantile(0.99);
    const ratio = Number((p99('down') / p99('well')).toFixed(2));
    return {
      load: { homes: shape.homes, messagesPerSecond: shape.rate, emergenciesPercent: 5 },
      faults: { outages: 1, goneSeconds: shape.goneMs / 1_000, ...receiver.batches },
      counts: {
        ...{ acknowledged: acked, points, samples, missing: missing.length, refused },
        behindWhenGoneSeconds: Math.round(behindSeconds),
        behindEntries: behind.entries,
        catchUpMs: Math.round(behind.tookMs),
        catchUpPerSecond: behind.perSecond,
        emergencyP99WellMs: p99('well'),
        emergencyP99DownMs: p99('down'),
        emergencyP99BackMs: p99('back'),
        emergencyP99Ratio: ratio,
      },
      broken: [
        ...sentence('points never arrived', missing),
        ...sentence('points arrived that nobody said', strange),
        ...brokenOf(
          [unacked === 0, `${unacked} messages were not acknowledged`],
          [points >= acked, `${acked} messages were acknowledged, which are only ${points} points`],
          [refused === shape.refused, `${refused} refused points are counted of ${shape.refused}`],
          [behindSeconds > 0, 'while the receiver was gone the metrics said that nothing waits'],
          [behind.inTime, `what was behind was not given within ${shape.presentWithinMs} ms`],
          [behind.perSecond >= shape.catchesUp * shape.rate, `what was behind was given at ${behind.perSecond}/s only`],
          [ratio <= shape.slower, `emergencies took ${ratio} times as long while the receiver was gone`],
        ),
      ],
    };
  } finally {
    await system.stop();
    await receiver.goDown();
    await victoria.stop();
    folder.remove();
  }
}

export const seriesDown: Fault = {
  name: 'series-down',
  happens:
    'the time-series database is gone, then fails, is busy, hangs and forgets; some points it never takes (VictoriaMetrics)',
  bar: 'every point arrives within 15 min of its return, refused ones are counted, given at twice the live rate; emergencies take 10 % longer at most while it is gone (p99)',
  unavailable: victoriaMetricsAvailable,
  run: (run) => play(run, run.size === 'short' ? SHORT : FULL),
};
