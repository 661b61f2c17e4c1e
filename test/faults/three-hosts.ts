import { setTimeout as pause } from 'node:timers/promises';
import { dice as diceOf } from '../../device-sim/dice.ts';
import { openStoreToRead } from '../../store/open.ts';
import { logIn, registerHomes } from '../person.ts';
import { postgresAvailable } from '../postgres.ts';
import { until } from '../system.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome } from './fault.ts';
import { acknowledgedIsKept, emergencyHasOneAlert, readMessages, takesEffectOnce } from './invariants-messages.ts';
import { type LoadLedger, loadLedger } from './load-ledger.ts';
import { type Host, type Network, networkUnavailable, openNetwork } from './network.ts';
import { openToQuery } from './query.ts';
import { neverWentBack, nothingUnattended, startSampler } from './sampler.ts';
import { openStreet } from './street.ts';

const SHAPES = {
  short: { homes: 20, perSecond: 40, rounds: 1, cutMs: 12_000, dataCutMs: 6_000, latestMs: 60_000 },
  full: { homes: 200, perSecond: 200, rounds: 3, cutMs: 45_000, dataCutMs: 20_000, latestMs: 30_000 },
} as const;

const MQTT_PORT = 1_883;
const SETTLED_MS = 120_000;
const ROLES = ['broker', 'ingest', 'alerts', 'web', 'auditor'] as const;

type Town = { readonly cluster: Cluster; readonly left: Host; readonly right: Host; readonly data: Host };

const start = ({ cluster }: Town, name: string, { address, under }: Host) =>
  cluster.start(name, ROLES, { SHOUWANG_MQTT_HOST: address, SHOUWANG_MQTT_PORT: String(MQTT_PORT) }, under);

/** The machine is gone with all that ran on it, and comes back. */
async function die(town: Town, name: string, host: Host): Promise<void> {
  const { child, log } = town.cluster.process(name);
  const dead = () => child.signalCode !== null || child.exitCode !== null;
  if (dead()) throw new Error(`${name} had ended by itself:\n${log().slice(-4_000)}`);
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await until(`${name} to be dead`, dead);
  await start(town, name, host);
}

async function cut(host: Host, forMs: number): Promise<void> {
  host.pull();
  await pause(forMs);
  host.plug();
}

type Trouble = readonly [what: string, happen: () => Promise<void>];

/** What happens to the three in one round, in an order of chance. */
function troubles(town: Town, shape: (typeof SHAPES)[keyof typeof SHAPES], seed: number): Trouble[] {
  const { left, right, data } = town;
  const all: Trouble[] = [
    ['the cable of the left host is pulled', () => cut(left, shape.cutMs)],
    ['the right host dies', () => die(town, 'right', right)],
    ['the cable of the data host is pulled', () => cut(data, shape.dataCutMs)],
    ['the left host dies', () => die(town, 'left', left)],
  ];
  const chance = diceOf(seed, 'troubles');
  return all
    .map((trouble) => ({ trouble, place: chance.between(0, 1) }))
    .sort((a, b) => a.place - b.place)
    .map(({ trouble }) => trouble);
}

async function open(network: Network): Promise<Town & { readonly failOver: () => Promise<void> }> {
  const [left, right, data] = network.hosts;
  if (!left || !right || !data) throw new Error('three hosts were made');
  const cluster = await startCluster(data);
  const standby = await cluster.startStandby(right);
  return {
    ...{ cluster, left, right, data },
    /** The machine of the database is lost; somebody makes the standby the one that takes writes. */
    async failOver() {
      await cluster.database.goDown('SIGQUIT');
      await standby.promote();
    },
  };
}

/** Everything that happens to the town while its hubs speak: how much did, and how long it took at most until hubs were answered. */
async function suffer(
  town: Awaited<ReturnType<typeof open>>,
  ledger: LoadLedger,
  { size, seed, count, say }: FaultRun,
): Promise<{ happened: number; slowestMs: number }> {
  const shape = SHAPES[size];
  let slowestMs = 0;
  const goesOn = async (what: string): Promise<void> => {
    const acked = ledger.acked();
    const from = performance.now();
    const spoken = () => ledger.acked() > acked + shape.perSecond;
    await until(`messages to be acknowledged after: ${what}`, spoken, SETTLED_MS);
    const tookMs = Math.round(performance.now() - from);
    slowestMs = Math.max(slowestMs, tookMs);
    say(`${what}: goes on after ${tookMs} ms`);
  };
  await goesOn('the start');
  let happened = 0;
  for (let round = 0; round < (count ?? shape.rounds); round++) {
    for (const [what, happen] of troubles(town, shape, seed + round)) {
      await happen();
      happened++;
      await goesOn(what);
    }
  }
  await town.failOver();
  await goesOn('the fail-over');
  return { happened, slowestMs };
}

async function run(played: FaultRun): Promise<Outcome> {
  const shape = SHAPES[played.size];
  const network = openNetwork(3);
  const town = await open(network);
  const { cluster } = town;
  const ledger = loadLedger();
  const { store, close } = openStoreToRead(cluster.url);
  const sampler = startSampler({ url: cluster.url, processes: cluster.processes });
  try {
    await Promise.all([start(town, 'left', town.left), start(town, 'right', town.right)]);
    // Somebody in an office looks at both through the database.
    const office = await cluster.start('office', ['web']);
    const owner = await logIn(office.httpUrl, office.ownerLink ?? '');
    const { homes } = await registerHomes(owner, shape.homes);
    const servers = [town.left, town.right].map(({ address }) => ({ host: address, port: MQTT_PORT }));
    const street = openStreet(homes, servers, { perSecond: shape.perSecond, seed: played.seed, ledger });
    const { happened, slowestMs } = await suffer(town, ledger, played);
    const { unacked } = await street.rest(SETTLED_MS);
    const level = async () => (await store.facts({ now: Date.now() })).unreadSince === null;
    await until('the processors to have read everything', level, SETTLED_MS);
    // What has been read stands in the series with the next checkpoint.
    await Promise.all(['left', 'right'].map((name) => cluster.process(name).stop()));
    await sampler.stop();
    const db = openToQuery(cluster.url);
    const seen = await readMessages(store, db, ledger);
    const lost = await db.selectFrom('alert').select('id').where('category', '=', 'hub_lost').execute();
    await db.destroy();
    const { sampled } = sampler;
    const { alertLateMs } = sampled;
    return {
      load: { homes: shape.homes, messagesPerSecond: shape.perSecond, critical: '2 %' },
      faults: { cablesAndMachines: happened, failOvers: 1 },
      counts: {
        ...{ acknowledged: ledger.acked(), unacknowledged: unacked, alertLateMs, hubsCalledLost: lost.length },
        servedAgainAfterMsMost: slowestMs,
      },
      broken: [
        ...acknowledgedIsKept(seen),
        ...takesEffectOnce(seen),
        ...emergencyHasOneAlert(seen),
        ...neverWentBack(sampled),
        ...nothingUnattended(sampled, shape.latestMs),
        ...brokenOf(
          [unacked === 0, `${unacked} messages were not acknowledged in the end`],
          [lost.length === 0, `${lost.length} hubs were called lost that were not`],
        ),
      ],
    };
  } finally {
    await close();
    for (const host of network.hosts) host.plug();
    await cluster.end();
    network.end();
  }
}

export const threeHosts: Fault = {
  name: 'three-hosts',
  happens:
    'two hosts of front end, processor and web and one of PostgreSQL, its standby on the second: cables are pulled, machines die, the database fails over',
  bar: 'nothing acknowledged lost, nothing twice, no alert unattended, no hub called lost that was not, hubs served again each time',
  unavailable: () => postgresAvailable() ?? networkUnavailable(),
  run,
};
