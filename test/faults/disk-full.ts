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

async function fillAndEmpty(disk: SmallDisk, { size, say }: FaultRun): Promise<Outcome> {
  const { ballastMb, diskMb } = SIZES[size];
  const dataDir = join(disk.path, 'data');
  const database = join(dataDir, 'shouwang.db');
  const ballast = join(dataDir, 'ballast');
  const env = { SHOUWANG_BALLAST_MB: String(ballastMb), SHOUWANG_LOG_LEVEL: 'info' };
  const held = () => (existsSync(ballast) ? statSync(ballast).size / 1_048_576 : null);
  let system = await startSystem({ dataDir, env });
  const { hubs, homes } = await hubsOf(system, HOMES);
  const port = system.mqttPort;
  const again = { dataDir, env: { ...env, SHOUWANG_MQTT_PORT: String(port) } };

  const acked: Message[] = [];
  const since = (mark: number) => acked.slice(mark).filter(({ critical }) => critical).length;
  const ended = new AbortController();
  const load = runLoad({
    ...{ ...LOAD, host: '127.0.0.1', port, hubs, signal: ended.signal },
    onAck: ({ clientId: hub }, boot, seq, critical) => acked.push({ hub, boot, seq, critical }),
  });
  const newAcks = (what: string, count: number) => {
    const mark = acked.length;
    return until(`acknowledgements ${what}`, () => acked.length >= mark + count, 60_000);
  };
  const owner = (name: string) =>
    until(`the owner's alert ${name}`, async () => (await toldToOwner(database)).includes(name), AUDITED_MS);
  const whole = () => until('the ballast', () => held() === ballastMb, 120_000);

  await newAcks('at first', 20);
  await whole();
  disk.fill(() => disk.usedPercent() > 91);
  say(`${disk.usedPercent().toFixed(1)} % full`);
  await owner('disk_80');
  await owner('disk_90');
  const before = since(0);

  say('full');
  let mark = acked.length;
  // Whoever fills it is stopped in time, or would fill what is released as well: that comes next.
  disk.fill(() => disk.freeMb() < 1 || held() === 0);
  const releasedMs = await timed(until('the release', () => held() === 0));
  const toldMs = await timed(owner('ballast'));
  await newAcks('out of the ballast', 20);
  const during = since(mark);

  say('the ballast is used up');
  disk.fill();
  await until('the end of acknowledgements', async () => {
    disk.fill();
    mark = acked.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    return acked.length === mark;
  });
  const starvedFrom = performance.now();
  let [answers, unanswered] = [0, 0];
  while (performance.now() - starvedFrom < STARVED_MS) {
    const [live, screen] = await Promise.all(['/health/live', '/'].map((path) => fetch(`${system.httpUrl}${path}`)));
    if (live?.ok && screen?.ok) answers++;
    else unanswered++;
  }
  const ackedWithoutRoom = acked.length - mark;
  const livedOn = system.child.exitCode === null && system.child.signalCode === null;
  mark = acked.length;
  disk.makeRoom();
  const resumedMs = await timed(newAcks('once there is room', 1));
  await newAcks('in the same process', 20);
  const after = since(mark);
  await whole();
  if (size === 'full')
    await until('the end of the alert', async () => !(await toldToOwner(database)).includes('ballast'), AUDITED_MS);

  say('started on a full disk, with the ballast and without');
  await system.kill('SIGKILL');
  disk.fill();
  system = await startSystem(again);
  const releasedAtStart = held() === 0;
  await newAcks('out of the ballast, after a start', 10);
  await system.kill('SIGKILL');
  disk.fill();
  const waiting = launchSystem(again);
  let endedBy: string | null = null;
  void waiting.ended.then((by) => (endedBy = by));
  await Promise.race([waiting.ready.catch(() => {}), new Promise((resolve) => setTimeout(resolve, STARVED_MS))]);
  const waits = endedBy === null;
  disk.makeRoom();
  system = await waiting.ready;
  await newAcks('after the start that waited', 20);

  ended.abort();
  const { unacked } = await load;
  const exitCode = await system.stop();
  const ledger = account(await placesIn(database), homes);
  for (const message of acked) ledger.add(message);
  const { corrupt, lost, unalerted } = await examine(database, ledger.told, true);
  return {
    load: { hubs: HOMES, perSecond: LOAD.rate, criticalPerMille: LOAD.criticalPerMille, acked: acked.length },
    faults: { diskMb, ballastMb, timesFilled: 4, startsOnAFullDisk: 2 },
    counts: {
      ...{ lost: lost + ledger.nowhere(), unalerted, unacked },
      criticalsAckedBefore: before,
      criticalsAckedOutOfTheBallast: during,
      criticalsAckedOnceThereWasRoom: after,
      ...{ releasedMs, ownerToldMs: toldMs, ackedWithoutRoom, resumedMs, screenAnswers: answers },
    },
    broken: brokenOf(
      [lost + ledger.nowhere() === 0, `${lost + ledger.nowhere()} acknowledged messages were lost`],
      [unalerted === 0, `${unalerted} acknowledged emergencies had no open alert`],
      [corrupt === null, `the file is corrupt: ${corrupt}`],
      [unacked === 0, `${unacked} messages were never acknowledged, though there was room again`],
      [before > 0 && during > 0 && after > 0, 'no emergency was acknowledged before, out of the ballast, or after'],
      [ackedWithoutRoom === 0, `${ackedWithoutRoom} messages were acknowledged without room for them`],
      [livedOn, 'the process ended when the disk was full'],
      [answers > 0 && unanswered === 0, `${unanswered} of the screens' requests failed while the disk was full`],
      [releasedAtStart, 'a start on a full disk did not release the ballast'],
      [waits, `a start on a full disk ended with ${endedBy} instead of waiting for room`],
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
