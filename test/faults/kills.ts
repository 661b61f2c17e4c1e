import { setTimeout as pause } from 'node:timers/promises';
import type { Dice } from '../../device-sim/dice.ts';
import { temporaryFolder } from '../memory.ts';
import { freshDatabase, postgresAvailable, startPostgres } from '../postgres.ts';
import { auditorsOf, endGroup, type Launch, launchSystem, type SystemOptions, until } from '../system.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';
import { openTown, type Town } from './kills-town.ts';
import { ALL_ROLES_MOST_MB } from './sampler.ts';

/** A process that is started again whenever it has been killed, as a service manager would. */
type Post = { readonly name: string; options: SystemOptions; launch: Launch; readonly pids: number[] };

type Bars = { readonly acceptingMs: number; readonly latestMs: number; readonly mostMb: number };
type Shape = {
  readonly homes: number;
  readonly rate: number;
  readonly kills: number;
  /** How long a process lives from when it is back to its next end: a random time up to this, and a random number of answers. */
  readonly longestLifeMs: number;
  readonly mostAnswers: number;
  readonly bars: Bars;
};

/** The short form also runs on a machine that does nine other things. */
const LENIENT: Bars = { acceptingMs: 30_000, latestMs: 45_000, mostMb: 768 };
const STRICT: Bars = { acceptingMs: 5_000, latestMs: 10_000, mostMb: 512 };
/** Where one process is all the roles. */
const STRICT_IN_ONE: Bars = { ...STRICT, mostMb: ALL_ROLES_MOST_MB };

const BACK_WITHIN_MS = 60_000;
/** So often a process is killed once more while it starts. */
const AS_IT_STARTS = 0.1;
const STARTING_MS = 800;
/** So often it is the auditor's own process, where a post has one. */
const THE_AUDITOR = 0.1;

const isBroker = ({ options: { roles = [] } }: Post): boolean => roles.length === 0 || roles.includes('broker');

const refuse = (what: string, launch: Launch) =>
  launch.ended.then((how) => {
    throw new Error(`${what} ended by itself (${how})`);
  });

/** How long it took from the kill to the first acknowledgement to a hub, or, where there is no broker, until all was ready; ms. */
async function comesBack(post: Post, { ledger }: Town, killedAt: number): Promise<number> {
  const { launch, name } = post;
  const back = isBroker(post)
    ? launch.accepting.then(() => ledger.nextAck())
    : launch.ready.then(() => performance.now());
  const tooLong = AbortSignal.timeout(BACK_WITHIN_MS);
  const late = new Promise<never>((_, reject) =>
    tooLong.addEventListener('abort', () => reject(new Error(`${name} was not back within ${BACK_WITHIN_MS} ms`))),
  );
  return (await Promise.race([back, refuse(name, launch), late])) - killedAt;
}

function start(post: Post): void {
  post.launch = launchSystem(post.options);
  post.pids.push(post.launch.pid);
}

type Killing = { readonly kills: number[]; readonly backMs: number[]; auditors: number };

async function killPost(post: Post, town: Town, dice: Dice, seen: Killing): Promise<void> {
  const killing = async (): Promise<number> => {
    seen.kills.push(Date.now());
    const at = performance.now();
    await post.launch.kill('SIGKILL');
    start(post);
    return at;
  };
  let killedAt = await killing();
  if (dice.chance(AS_IT_STARTS)) {
    await pause(dice.between(0, STARTING_MS));
    killedAt = await killing();
  }
  seen.backMs.push(await comesBack(post, town, killedAt));
}

async function killAll(posts: readonly [Post, ...Post[]], town: Town, shape: Shape, run: FaultRun): Promise<Killing> {
  const { dice } = town;
  const seen: Killing = { kills: [], backMs: [], auditors: 0 };
  const wanted = run.count ?? shape.kills;
  const half = Math.floor(wanted / 2);
  while (seen.kills.length < wanted) {
    const answers = town.ledger.acked() + dice.whole(0, shape.mostAnswers);
    await pause(dice.between(0, shape.longestLifeMs));
    await until('answers to the hubs', () => town.ledger.acked() >= answers, BACK_WITHIN_MS);
    const post = dice.pick(posts);
    const [auditor] = auditorsOf(post.launch.pid);
    if (auditor !== undefined && dice.chance(THE_AUDITOR)) {
      seen.auditors++;
      process.kill(auditor, 'SIGKILL');
      continue;
    }
    const before = seen.kills.length;
    await killPost(post, town, dice, seen);
    if (before < half && seen.kills.length >= half) await town.remember();
    if (seen.kills.length % 50 === 0) run.say(`${seen.kills.length} kills, ${town.ledger.acked()} acknowledged`);
  }
  return seen;
}

function openPost(name: string, options: SystemOptions): Post {
  const launch = launchSystem(options);
  return { name, options, launch, pids: [launch.pid] };
}

/** Also the auditors that every one of its processes left behind. */
async function endPost({ launch, pids }: Post): Promise<void> {
  await launch.kill('SIGKILL');
  for (const pid of pids) endGroup(pid);
}

/** The same doors after every start. */
async function keepPorts(post: Post): Promise<void> {
  const { httpUrl, mqttPort } = await post.launch.ready;
  const env = {
    ...post.options.env,
    ...(httpUrl && { SHOUWANG_HTTP_PORT: new URL(httpUrl).port }),
    ...(mqttPort && { SHOUWANG_MQTT_PORT: String(mqttPort) }),
  };
  post.options = { ...post.options, env };
}

const quantile = (values: readonly number[], q: number): number =>
  Math.round(values.toSorted((a, b) => a - b)[Math.ceil(values.length * q) - 1] ?? 0);

async function stopAll(posts: readonly Post[]): Promise<string[]> {
  const codes = await Promise.all(posts.map(async ({ launch }) => (await launch.ready).stop()));
  return posts.flatMap(({ name }, i) => (codes[i] === 0 ? [] : `${name} ended with ${codes[i]} when it was asked to`));
}

async function play(posts: readonly [Post, ...Post[]], url: string, shape: Shape, run: FaultRun): Promise<Outcome> {
  await Promise.all(posts.map(keepPorts));
  const systems = await Promise.all(posts.map(({ launch }) => launch.ready));
  const web = systems.find(({ httpUrl }) => httpUrl !== '');
  const mqttPort = systems.find(({ mqttPort }) => !Number.isNaN(mqttPort))?.mqttPort;
  if (!web || mqttPort === undefined) throw new Error('neither web nor broker was started');
  const processes = () => new Map(posts.map(({ name, launch }) => [name, launch.pid]));
  const town = await openTown({ ...shape, seed: run.seed, url, web, mqttPort, processes });
  try {
    await Promise.race([town.ledger.nextAck(), pause(BACK_WITHIN_MS)]);
    const seen = await killAll(posts, town, shape, run);
    run.say('killed enough; waiting until all is dealt with');
    const settled = await town.settle();
    const ends = await stopAll(posts);
    run.say('holding it against what was promised');
    const { counts, broken } = await town.judge(seen.kills, shape.bars);
    const backMaxMs = quantile(seen.backMs, 1);
    return {
      load: {
        homes: shape.homes,
        messagesPerSecond: shape.rate,
        criticalPercent: 1,
        acknowledgedPerSecond: settled.load.rate,
      },
      faults: { kills: seen.kills.length, auditorsKilled: seen.auditors },
      counts: { ...counts, backP50Ms: quantile(seen.backMs, 0.5), backP99Ms: quantile(seen.backMs, 0.99), backMaxMs },
      broken: [
        ...broken,
        ...settled.says,
        ...ends,
        ...brokenOf(
          [settled.load.unacked === 0, `${settled.load.unacked} messages were never acknowledged`],
          [settled.load.dead === 0, `${settled.load.dead} hubs were turned away`],
          [backMaxMs <= shape.bars.acceptingMs, `it took ${backMaxMs} ms until hubs were answered again`],
        ),
      ],
    };
  } finally {
    await town.close();
    for (const post of posts) await endPost(post);
  }
}

export const kills: Fault = {
  name: 'kills',
  happens: 'kill -9 of the whole system and of its auditor, at random moments under load (SQLite)',
  bar: 'nothing acknowledged lost, no effect or alert twice, answering again within 5 s, no deadline over 10 s late, 768 MB at most, replay to the byte',
  unavailable: playable,
  async run(run) {
    const shape: Shape =
      run.size === 'short'
        ? { homes: 40, rate: 1_000, kills: 5, longestLifeMs: 1_500, mostAnswers: 1_000, bars: LENIENT }
        : { homes: 2_000, rate: 2_250, kills: 1_000, longestLifeMs: 4_000, mostAnswers: 10_000, bars: STRICT_IN_ONE };
    const folder = temporaryFolder();
    const post = openPost('the system', { dataDir: folder.path });
    try {
      return await play([post], `${folder.path}/shouwang.db`, shape, run);
    } finally {
      folder.remove();
    }
  },
};

const ROLES = ['broker', 'ingest', 'alerts', 'web', 'auditor'] as const;

export const killsOfRoles: Fault = {
  name: 'kills-of-roles',
  happens:
    'kill -9 of a broker, processor, alerts, web or auditor process, each its own over one PostgreSQL, under load',
  bar: 'nothing acknowledged lost, no effect or alert twice, back within 5 s, no deadline over 10 s late, 512 MB a process at most, replay to the byte',
  unavailable: postgresAvailable,
  async run(run) {
    const shape: Shape =
      run.size === 'short'
        ? { homes: 40, rate: 500, kills: 5, longestLifeMs: 1_500, mostAnswers: 500, bars: LENIENT }
        : { homes: 2_000, rate: 2_250, kills: 200, longestLifeMs: 6_000, mostAnswers: 10_000, bars: STRICT };
    const server = await startPostgres();
    const url = await freshDatabase(server.url);
    const folders = ROLES.map(() => temporaryFolder());
    const launch = (role: string, i: number) =>
      openPost(role, { dataDir: folders[i]?.path ?? '', roles: [role], env: { SHOUWANG_DATABASE_URL: url } });
    const [first, ...others] = ROLES.map(launch);
    if (!first) throw new Error('no role was started');
    try {
      return await play([first, ...others], url, shape, run);
    } finally {
      for (const folder of folders) folder.remove();
      await server.stop();
    }
  },
};
