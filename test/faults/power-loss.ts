import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dice } from '../../device-sim/dice.ts';
import { runLoad } from '../../device-sim/load.ts';
import { memoryFolder, temporaryFolder } from '../memory.ts';
import { until } from '../system.ts';
import { examine, type Found } from './crash-image.ts';
import { crashedDisk, isBeside } from './crashed-disk.ts';
import { brokenOf, type Fault, type FaultRun } from './fault.ts';
import { hubsOf, startRecorded, straceAvailable } from './recorded-system.ts';
import { readRecording, type Step } from './strace-log.ts';
import { account, messageIn, type Places, placesIn } from './told.ts';

const SIZES = {
  short: { images: 150, homes: 8, messages: [400, 200], rate: 400 },
  full: { images: 10_000, homes: 20, messages: [12_000, 2_000, 6_000], rate: 1_000 },
} as const;
const LOG_KEEPER = fileURLToPath(new URL('./busy-log-keeper.ts', import.meta.url));
const CRITICAL_PER_MILLE = 50;
/** One image in so many is opened by a whole start, its indexes compared entry by entry. */
const THOROUGH = 25;
/** The part of the images that falls into the first start. */
const AT_FIRST = 0.1;
/** For so many images one more, of a disk that hears nothing of the log's synchronisations: what the checker must be able to see. */
const CONTROL = 10;

type Recording = {
  readonly steps: readonly Step[];
  readonly database: string;
  readonly places: Places;
  readonly homes: ReadonlyMap<string, string>;
};

/** A recording that missed a write would blame the system for it: all that it knows is what is on the disk at its end. */
function heldAgainstTheDisk(steps: readonly Step[]): void {
  const disk = crashedDisk();
  for (const step of steps) disk.apply(step);
  for (const [path, bytes] of disk.believed()) {
    if (!readFileSync(path).equals(bytes)) throw new Error(`the recording of ${path} is not whole`);
  }
}

/** Lives of one system under load, each ended in another way, with all that they did to disk and network written down. */
async function record(folder: string, { size, say }: FaultRun): Promise<Recording> {
  const { homes: count, messages, rate } = SIZES[size];
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  const database = join(dataDir, 'shouwang.db');
  const logs = messages.map((_, life) => join(folder, `${life}.strace`));
  let port = 0;
  let town: Awaited<ReturnType<typeof hubsOf>> | null = null;
  for (const [life, enough] of messages.entries()) {
    const system = await startRecorded(dataDir, logs[life] ?? '', {
      port,
      // Once there is a database: a start of its own is part of what is tried.
      ...(life > 0 && { beside: [LOG_KEEPER, database] }),
    });
    port = system.mqttPort;
    town ??= await hubsOf(system, count);
    const ended = new AbortController();
    let acked = 0;
    const load = runLoad({
      ...{ host: '127.0.0.1', port, hubs: town.hubs, rate, seconds: 600, criticalPerMille: CRITICAL_PER_MILLE },
      signal: ended.signal,
      reconnect: true,
      drainMs: 0,
      onAck: () => acked++,
    });
    await until(`${enough} acknowledgements`, () => acked >= enough, 300_000);
    // Every other life ends in the middle of its work.
    if (life % 2 === 1) await system.killAll();
    ended.abort();
    await load;
    if (life % 2 === 0) {
      await system.stop();
      await system.recordingEnded();
    }
    say(`life ${life + 1}: ${acked} acknowledged`);
  }
  const steps = await readRecording(logs, { keeps: isBeside(database), port });
  for (const log of logs) rmSync(log);
  heldAgainstTheDisk(steps);
  return { steps, database, places: await placesIn(database), homes: town?.homes ?? new Map() };
}

type Sum = { images: number; uncertain: number; losing: number; lost: number; unalerted: number; corrupt: string[] };

/** Cuts the power at `images` moments of the recording, and adds up what is found each time. */
async function cut(
  recording: Recording,
  images: number,
  { seed, say }: FaultRun,
  hears: (path: string) => boolean,
): Promise<Sum & { nowhere: number; acked: number }> {
  const chance = dice(seed, 'power', images);
  const { steps } = recording;
  const firstAck = steps.findIndex(({ kind }) => kind === 'ack');
  // The first start, when the file is made, is short and gets its share.
  const moment = () => chance.whole(1, chance.chance(AT_FIRST) ? firstAck : steps.length);
  const moments = Array.from({ length: images }, moment).sort((a, b) => a - b);
  const disk = crashedDisk({ hears });
  const ledger = account(recording.places, recording.homes);
  const sum: Sum = { images, uncertain: 0, losing: 0, lost: 0, unalerted: 0, corrupt: [] };
  const memory = memoryFolder();
  const image = join(memory.path, 'image');
  let at = 0;
  for (const [nth, moment] of moments.entries()) {
    for (; at < moment; at++) {
      const step = steps[at];
      if (step) disk.apply(step);
      if (step?.kind === 'ack') ledger.add(messageIn(step.topic, step.payload));
    }
    if (disk.uncertain() > 0) sum.uncertain++;
    disk.image(image, chance);
    const found: Found = await examine(join(image, 'shouwang.db'), ledger.told, nth % THOROUGH === 0 || at < firstAck);
    if (found.corrupt) sum.corrupt.push(`image ${nth + 1}: ${found.corrupt}`);
    if (found.lost > 0 || found.corrupt) sum.losing++;
    sum.lost += found.lost;
    sum.unalerted += found.unalerted;
    if ((nth + 1) % 1_000 === 0) say(`${nth + 1} images`);
  }
  memory.remove();
  return { ...sum, nowhere: ledger.nowhere(), acked: ledger.acked() };
}

export const powerLoss: Fault = {
  name: 'power-loss',
  happens: 'the power fails: what was not synchronised is dropped, reordered or torn',
  bar: '10,000 images: no acknowledged message lost, no emergency without its alert, no file corrupt',
  unavailable: straceAvailable,
  async run(run) {
    const folder = temporaryFolder();
    const { rate, homes, images: usual } = SIZES[run.size];
    const images = run.count ?? usual;
    const recording = await record(folder.path, run);
    run.say(`${recording.steps.length} steps recorded`);
    const from = performance.now();
    const sum = await cut(recording, images, run, () => true);
    const msAnImage = Math.round((performance.now() - from) / images);
    const deaf = await cut(recording, Math.ceil(images / CONTROL), run, (path) => !path.endsWith('-wal'));
    folder.remove();
    for (const example of sum.corrupt.slice(0, 5)) run.say(example);
    return {
      load: { hubs: homes, perSecond: rate, criticalPerMille: CRITICAL_PER_MILLE, acked: sum.acked },
      faults: { images, imagesWithUncertainWrites: sum.uncertain, recordedSteps: recording.steps.length },
      counts: {
        lost: sum.lost + sum.nowhere,
        imagesThatLost: sum.losing,
        unalerted: sum.unalerted,
        corrupt: sum.corrupt.length,
        controlImages: deaf.images,
        controlImagesThatLost: deaf.losing,
        msAnImage,
      },
      broken: brokenOf(
        [sum.lost + sum.nowhere === 0, `${sum.lost + sum.nowhere} acknowledged messages were lost`],
        [sum.unalerted === 0, `${sum.unalerted} acknowledged emergencies had no open alert`],
        [sum.corrupt.length === 0, `${sum.corrupt.length} images were corrupt, e.g. ${sum.corrupt[0]}`],
        [deaf.losing > deaf.images / 4, `a disk that never synchronised its log lost in only ${deaf.losing} images`],
      ),
    };
  },
};
