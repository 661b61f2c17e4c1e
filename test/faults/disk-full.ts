import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runLoad } from '../../device-sim/load.ts';
import { openStoreToRead } from '../../store/open.ts';
import { launchSystem, startSystem, until } from '../system.ts';
import { examine } from './crash-image.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome } from './fault.ts';
import { hubsOf } from './recorded-system.ts';
import { type SmallDisk, smallDiskAvailable, startSmallDisk } from './small-disk.ts';
import { account, type Message, placesIn } from './told.ts';

const SIZES = {
  short: { diskMb: 512, ballastMb: 32 },
  full: { diskMb: 1_536, ballastMb: 256 },
} as const;
const HOMES = 10;
const LOAD = { rate: 20, criticalPerMille: 500, seconds: 900, reconnect: true, drainMs: 30_000 } as const;
/** The auditor looks every five seconds; what holds again it says only half a minute after its own start. */
const AUDITED_MS = 90_000;
/** For so long nothing may be acknowledged, the process must live and the screens must be there. */
const STARVED_MS = 3_000;

/** The promises that the owner has been told are broken, and of which nobody has said that they hold again. */
async function toldToOwner(database: string): Promise<string[]> {
  const { store, close } = openStoreToRead(database);
  const { incidents } = await store.facts({ now: Date.now() });
  await close();
  return incidents.filter(({ open, healed }) => open && !healed).map(({ promise }) => promise);
}

const timed = async (what: Promise<unknown>): Promise<number> => {
  const from = performance.now();
  await what;
  return Math.round(performance.now() - from);
};

/** A system on the small disk, and hubs that never cease to speak. */
async function startStage(disk: SmallDisk, { size, say }: FaultRun) {
  const { ballastMb } = SIZES[size];
  const dataDir = join(disk.path, 'data');
  const ballast = join(dataDir, 'ballast');
  const env = { SHOUWANG_BALLAST_MB: String(ballastMb) };
  const system = await startSystem({ dataDir, env });
  const { hubs, homes } = await hubsOf(system, HOMES);
  const acked: Message[] = [];
  const ended = new AbortController();
  const load = runLoad({
    ...{ ...LOAD, host: '127.0.0.1', port: system.mqttPort, hubs, signal: ended.signal },
    onAck: ({ clientId: hub }, boot, seq, critical) => acked.push({ hub, boot, seq, critical }),
  });
  const database = join(dataDir, 'shouwang.db');
  const held = () => (existsSync(ballast) ? statSync(ballast).size / 1_048_576 : null);
  return {
    ...{ disk, size, say, system, homes, acked, database, held },
    again: { dataDir, env: { ...env, SHOUWANG_MQTT_PORT: String(system.mqttPort) } },
    criticalsSince: (mark: number) => acked.slice(mark).filter(({ critical }) => critical).length,
    newAcks: (what: string, count: number) => {
      const mark = acked.length;
      return until(`acknowledgements ${what}`, () => acked.length >= mark + count, 60_000);
    },
    ownerTold: (name: string) =>
      until(`the owner's alert ${name}`, async () => (await toldToOwner(database)).includes(name), AUDITED_MS),
    whole: () => until('the ballast', () => held() === ballastMb, 120_000),
    async end() {
      ended.abort();
      return (await load).unacked;
    },
  };
}

type Stage = Awaited<ReturnType<typeof startStage>>;

async function fillOnce({ disk, size, database, acked, say, held, newAcks, ownerTold, whole, criticalsSince }: Stage) {
  await newAcks('at first', 20);
  await whole();
  let toldTooSoon = false;
  if (size === 'full') {
    disk.fill(() => disk.usedPercent() > 82);
    await ownerTold('disk_80');
    toldTooSoon = (await toldToOwner(database)).includes('disk_90');
  }
  disk.fill(() => disk.usedPercent() > 91);
  say(`${disk.usedPercent().toFixed(1)} % full`);
  await ownerTold('disk_80');
  await ownerTold('disk_90');
  const before = criticalsSince(0);
  const mark = acked.length;
  say('full');
  // Whoever fills it is stopped in time, or would fill what is released as well: that comes next.
  disk.fill(() => disk.freeMb() < 1 || held() === 0);
  const releasedMs = await timed(until('the release', () => held() === 0));
  const ownerToldMs = await timed(ownerTold('ballast'));
  await newAcks('out of the ballast', 20);
  return { before, during: criticalsSince(mark), releasedMs, ownerToldMs, toldTooSoon };
}

async function fillTwice({ disk, acked, system, database, size, say, newAcks, whole, criticalsSince }: Stage) {
  say('the ballast is used up');
  let mark = 0;
  await until('the end of acknowledgements', async () => {
    disk.fill();
    mark = acked.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    return acked.length === mark;
  });
  let [answered, failed] = [0, 0];
  for (const from = performance.now(); performance.now() - from < STARVED_MS; ) {
    const screens = await Promise.all(['/health/live', '/'].map((path) => fetch(`${system.httpUrl}${path}`)));
    if (screens.every(({ ok }) => ok)) answered++;
    else failed++;
  }
  const ackedWithoutRoom = acked.length - mark;
  const livedOn = system.child.exitCode === null && system.child.signalCode === null;
  mark = acked.length;
  disk.makeRoom();
  const resumedMs = await timed(newAcks('once there is room', 1));
  await newAcks('in the same process', 20);
  const after = criticalsSince(mark);
  await whole();
  if (size === 'full')
    await until('the end of the alert', async () => !(await toldToOwner(database)).includes('ballast'), AUDITED_MS);
  return { answered, failed, ackedWithoutRoom, livedOn, resumedMs, after };
}

async function startOnFullDisk({ disk, system, again, say, held, newAcks }: Stage) {
  say('started on a full disk, with the ballast and without');
  await system.kill('SIGKILL');
  disk.fill();
  const second = await startSystem(again);
  const releasedAtStart = held() === 0;
  await newAcks('out of the ballast, after a start', 10);
  await second.kill('SIGKILL');
  disk.fill();
  const waiting = launchSystem(again);
  let endedBy: string | null = null;
  void waiting.ended.then((by) => (endedBy = by));
  await Promise.race([waiting.ready.catch(() => {}), new Promise((resolve) => setTimeout(resolve, STARVED_MS))]);
  const gaveUp = endedBy;
  disk.makeRoom();
  const last = await waiting.ready;
  await newAcks('after the start that waited', 20);
  return { releasedAtStart, gaveUp, last };
}

async function fillAndEmpty(disk: SmallDisk, run: FaultRun): Promise<Outcome> {
  const stage = await startStage(disk, run);
  const once = await fillOnce(stage);
  const twice = await fillTwice(stage);
  const { releasedAtStart, gaveUp, last } = await startOnFullDisk(stage);
  const unacked = await stage.end();
  const exitCode = await last.stop();
  const ledger = account(await placesIn(stage.database), stage.homes);
  for (const message of stage.acked) ledger.add(message);
  const found = await examine(stage.database, ledger.told, true);
  const lost = found.lost + ledger.nowhere();
  return {
    load: { hubs: HOMES, perSecond: LOAD.rate, criticalPerMille: LOAD.criticalPerMille, acked: ledger.acked() },
    faults: { ...SIZES[run.size], timesFilled: 4, startsOnAFullDisk: 2 },
    counts: {
      ...{ lost, unalerted: found.unalerted, unacked, ackedWithoutRoom: twice.ackedWithoutRoom },
      criticalsAckedBefore: once.before,
      criticalsAckedOutOfTheBallast: once.during,
      criticalsAckedOnceThereWasRoom: twice.after,
      ...{ releasedMs: once.releasedMs, ownerToldMs: once.ownerToldMs, resumedMs: twice.resumedMs },
      screensServedWhileFull: twice.answered,
    },
    broken: brokenOf(
      [lost === 0, `${lost} acknowledged messages were lost`],
      [found.unalerted === 0, `${found.unalerted} acknowledged emergencies had no open alert`],
      [found.corrupt === null, `the file is corrupt: ${found.corrupt}`],
      [!once.toldTooSoon, 'the owner was told of 90 % when it was 80'],
      [unacked === 0, `${unacked} messages were never acknowledged, though there was room again`],
      [Math.min(once.before, once.during, twice.after) > 0, 'no emergency was acknowledged before, during or after'],
      [twice.ackedWithoutRoom === 0, `${twice.ackedWithoutRoom} messages were acknowledged without room for them`],
      [twice.livedOn, 'the process ended when the disk was full'],
      [twice.answered > 0 && twice.failed === 0, `${twice.failed} requests for a screen failed on the full disk`],
      [releasedAtStart, 'a start on a full disk did not release the ballast'],
      [gaveUp === null, `a start on a full disk ended with ${gaveUp} instead of waiting for room`],
      [exitCode === 0, `it ended with ${exitCode}`],
    ),
    notShown: disk.kind === 'ext4' ? [] : ['on tmpfs: no loop device to mount a real file system from'],
  };
}

export const diskFull: Fault = {
  name: 'disk-full',
  happens: 'the data disk fills to the last byte, twice, while emergencies arrive',
  bar: 'the owner told at 80 and 90 %, a ballast released for all, then nothing acknowledged, then on without hand work',
  unavailable: smallDiskAvailable,
  async run(run) {
    const disk = startSmallDisk(SIZES[run.size].diskMb);
    if (!disk) throw new Error('no small disk could be mounted');
    try {
      return await fillAndEmpty(disk, run);
    } finally {
      disk.remove();
    }
  },
};
