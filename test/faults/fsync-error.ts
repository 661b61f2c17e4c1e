import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Dice, dice } from '../../device-sim/dice.ts';
import { runLoad } from '../../device-sim/load.ts';
import { memoryFolder, temporaryFolder } from '../memory.ts';
import { startSystem, until } from '../system.ts';
import { examine } from './crash-image.ts';
import { crashedDisk, isBeside } from './crashed-disk.ts';
import { brokenOf, type Fault } from './fault.ts';
import { hubsOf, startRecorded, straceAvailable } from './recorded-system.ts';
import { readRecording, type Step } from './strace-log.ts';
import { account, type Message, messageIn, placesIn } from './told.ts';

const HOMES = 10;
const LOAD = { rate: 200, seconds: 600, criticalPerMille: 50 } as const;
const ROUNDS = { short: 2, full: 20 } as const;
/** A machine that is busy with other tests is slow to end anything. */
const EXIT_MS = { short: 5_000, full: 1_000 } as const;
/** The disk after each failure: what was not synchronised is dropped or kept in so many ways. */
const IMAGES = 20;
/** Of the writer's synchronisations, the one that fails: after those of the start, while hubs speak. */
const FAILS = [40, 120] as const;

type Town = Awaited<ReturnType<typeof hubsOf>>;
type Ledger = ReturnType<typeof account>;
type Round = {
  readonly acked: number;
  readonly lateAcks: number;
  readonly lost: number;
  readonly unalerted: number;
  readonly corrupt: number;
  readonly exitMs: number;
  readonly exitCode: number | null;
  readonly acceptingMs: number;
};

/** Replays a recording to its end, and looks at what a power cut then would have left: nothing acknowledged may be missing. */
async function afterTheFailure(
  steps: readonly Step[],
  there: ReadonlyMap<string, Buffer>,
  ledger: Ledger,
  chance: Dice,
) {
  const disk = crashedDisk({ there });
  let failedAtMs = Number.NaN;
  /** Of earlier commits: they were on disk, and the answer was on its way. */
  let lateAcks = 0;
  for (const step of steps) {
    disk.apply(step);
    if (step.kind === 'sync' && step.failed && Number.isNaN(failedAtMs)) failedAtMs = step.seconds * 1_000;
    if (step.kind !== 'ack') continue;
    ledger.add(messageIn(step.topic, step.payload));
    if (!Number.isNaN(failedAtMs)) lateAcks++;
  }
  const folder = memoryFolder();
  const sum = { failedAtMs, lateAcks, lost: 0, unalerted: 0, corrupt: 0 };
  for (let nth = 0; nth < IMAGES; nth++) {
    const image = join(folder.path, 'image');
    disk.image(image, chance);
    const found = await examine(join(image, 'shouwang.db'), ledger.told, nth === 0);
    sum.lost += found.lost;
    sum.unalerted += found.unalerted;
    sum.corrupt += found.corrupt ? 1 : 0;
  }
  folder.remove();
  return sum;
}

/** One failing synchronisation, the end of the process, and its next start on what the system still has. */
async function round(dataDir: string, port: number, { hubs, homes }: Town, rule: string, chance: Dice): Promise<Round> {
  const database = join(dataDir, 'shouwang.db');
  // A log may have been left: whoever reads last may end after the system does.
  const there = new Map(
    [database, `${database}-wal`].filter((path) => existsSync(path)).map((path) => [path, readFileSync(path)]),
  );
  const log = join(dataDir, 'strace');
  const system = await startRecorded(dataDir, log, { port, inject: [rule] });
  const ended = new AbortController();
  const acked: Message[] = [];
  const load = runLoad({
    ...{ ...LOAD, host: '127.0.0.1', port, hubs, reconnect: true, signal: ended.signal, drainMs: 20_000 },
    onAck: ({ clientId: hub }, boot, seq, critical) => acked.push({ hub, boot, seq, critical }),
  });
  await until('the end of the process', () => system.child.exitCode !== null, 60_000);
  const exitedAt = Date.now();
  await system.killAll();
  const first = acked.length;
  const next = await startSystem({ dataDir, env: { SHOUWANG_MQTT_PORT: String(port) } });
  await until('acknowledgements of the next start', () => acked.length > first + 100, 60_000);
  ended.abort();
  await load;
  await next.stop();

  const places = await placesIn(database);
  const steps = await readRecording([log], { keeps: isBeside(database), port, there: there.keys() });
  const then = await afterTheFailure(steps, there, account(places, homes), chance);
  const ledger = account(places, homes);
  for (const message of acked) ledger.add(message);
  const now = await examine(database, ledger.told, true);
  rmSync(log);
  return {
    acked: ledger.acked(),
    lateAcks: then.lateAcks,
    lost: then.lost + now.lost + ledger.nowhere(),
    unalerted: then.unalerted + now.unalerted,
    corrupt: then.corrupt + (now.corrupt ? 1 : 0),
    exitMs: Math.round(exitedAt - then.failedAtMs),
    exitCode: system.child.exitCode,
    acceptingMs: Math.round(next.acceptingMs),
  };
}

export const fsyncError: Fault = {
  name: 'fsync-error',
  happens: 'the disk fails to synchronise, once or for good, while hubs speak',
  bar: 'nothing is acknowledged that is not on disk, the process ends within 1 s, starts clean, and has lost nothing',
  unavailable: straceAvailable,
  async run({ seed, size, count, say }) {
    const chance = dice(seed, 'fsync');
    const folder = temporaryFolder();
    const first = await startSystem({ dataDir: folder.path });
    const port = first.mqttPort;
    const town = await hubsOf(first, HOMES);
    await first.stop();
    const rounds: Round[] = [];
    for (let nth = 0; nth < (count ?? ROUNDS[size]); nth++) {
      const rule = `fsync:error=EIO:when=${chance.whole(...FAILS)}${nth % 2 === 0 ? '' : '+'}`;
      const one = await round(folder.path, port, town, rule, chance);
      say(`${rule}: ${JSON.stringify(one)}`);
      rounds.push(one);
    }
    folder.remove();
    const sum = (field: 'acked' | 'lateAcks' | 'lost' | 'unalerted' | 'corrupt') =>
      rounds.reduce((all, one) => all + one[field], 0);
    const slowest = (field: 'exitMs' | 'acceptingMs') => Math.max(...rounds.map((one) => one[field]));
    const counts = {
      lost: sum('lost'),
      unalerted: sum('unalerted'),
      corrupt: sum('corrupt'),
      acksOfEarlierCommitsAfterTheFailure: sum('lateAcks'),
      exitMsMost: slowest('exitMs'),
      acceptingMsMost: slowest('acceptingMs'),
    };
    const exits = rounds.map(({ exitCode }) => exitCode).filter((code) => code !== 1);
    return {
      load: { hubs: HOMES, perSecond: LOAD.rate, criticalPerMille: LOAD.criticalPerMille, acked: sum('acked') },
      faults: { failedSynchronisations: rounds.length, images: rounds.length * IMAGES },
      counts,
      broken: brokenOf(
        [counts.lost === 0, `${counts.lost} acknowledged messages were lost`],
        [counts.unalerted === 0, `${counts.unalerted} acknowledged emergencies had no open alert`],
        [counts.corrupt === 0, `${counts.corrupt} of the files were corrupt`],
        [exits.length === 0, `the process ended with ${exits.join(', ')} instead of 1`],
        [counts.exitMsMost <= EXIT_MS[size], `it took ${counts.exitMsMost} ms to end`],
      ),
    };
  },
};
