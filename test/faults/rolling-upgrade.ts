import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { dice as diceOf } from '../../device-sim/dice.ts';
import { runLoad } from '../../device-sim/load.ts';
import { openStoreToRead } from '../../store/open.ts';
import { temporaryFolder } from '../memory.ts';
import { hubLinesOf, logIn, registerHomes } from '../person.ts';
import { postgresAvailable } from '../postgres.ts';
import { launchSystem, type System, until } from '../system.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome } from './fault.ts';
import { acknowledgedIsKept, emergencyHasOneAlert, readMessages, takesEffectOnce } from './invariants-messages.ts';
import { type LoadLedger, loadLedger } from './load-ledger.ts';
import { allLetIn } from './presses.ts';
import { openToQuery } from './query.ts';
import { neverWentBack, nothingUnattended, startSampler } from './sampler.ts';

const SHAPES = {
  short: { homes: 40, rate: 200, rounds: 1, betweenMs: 500, latestMs: 45_000 },
  full: { homes: 500, rate: 1_000, rounds: 5, betweenMs: 10_000, latestMs: 10_000 },
} as const;

const ROLES = ['broker', 'ingest', 'alerts', 'web'] as const;
const SETTLED_MS = 60_000;

/** What a version to come would have done to the schema: something added that today's processes, which still run, know nothing of. */
const FUTURE = '9999_future';
const MIGRATION = [
  `alter table alert add column future text`,
  `alter table household add column future text not null default ''`,
  `create table future (id text primary key)`,
  `insert into kysely_migration (name, timestamp) values ('${FUTURE}', '2099-01-01T00:00:00.000Z')`,
];

async function query(url: string, ...statements: readonly string[]): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  let rows: unknown[] = [];
  for (const statement of statements) rows = (await client.query(statement)).rows;
  await client.end();
  return rows;
}

const schemaOf = async (url: string): Promise<string> =>
  JSON.stringify([
    await query(url, 'select table_name, column_name from information_schema.columns order by 1, 2'),
    await query(url, 'select name, timestamp from kysely_migration order by 1'),
  ]);

type Role = (typeof ROLES)[number];

/** One that serves hubs or people keeps its address, so the old one ends first; the others start beside the one that they follow. */
const keepsAddress = (role: Role): boolean => role === 'broker' || role === 'web';
const nameIn = (role: Role, round: number): string => (keepsAddress(role) ? role : `${role} ${round}`);

async function replace(cluster: Cluster, role: Role, round: number): Promise<number | null> {
  const old = cluster.process(nameIn(role, round));
  const startNext = () => cluster.start(nameIn(role, round + 1), [role], portsOf(old));
  if (!keepsAddress(role)) await startNext();
  const code = await old.stop();
  if (keepsAddress(role)) await startNext();
  return code;
}

const portsOf = ({ httpUrl, mqttPort }: System): Record<string, string> => ({
  ...(httpUrl && { SHOUWANG_HTTP_PORT: new URL(httpUrl).port }),
  ...(mqttPort && { SHOUWANG_MQTT_PORT: String(mqttPort) }),
});

/** The longest time without an acknowledgement. */
function watchAcks(ledger: LoadLedger): { readonly stop: () => number } {
  let longestMs = 0;
  let stopped = false;
  let lastAt = performance.now();
  const watch = async (): Promise<void> => {
    while (!stopped) {
      const at = await ledger.nextAck();
      longestMs = Math.max(longestMs, at - lastAt);
      lastAt = at;
    }
  };
  void watch();
  return {
    stop() {
      stopped = true;
      return Math.round(Math.max(longestMs, performance.now() - lastAt));
    },
  };
}

/** The old program on the new schema: what it said when it refused, and whether it changed anything. */
async function startOld(cluster: Cluster): Promise<{ code: string; said: string; changed: boolean }> {
  const folder = temporaryFolder();
  const before = await schemaOf(cluster.url);
  const launch = launchSystem({
    dataDir: folder.path,
    roles: ['ingest'],
    env: { SHOUWANG_DATABASE_URL: cluster.url },
  });
  const said = await launch.ready.then(
    () => 'it started',
    (error: Error) => error.message,
  );
  await launch.kill('SIGKILL').catch(() => {});
  const code = await launch.ended;
  folder.remove();
  return { code, said, changed: (await schemaOf(cluster.url)) !== before };
}

async function upgradeAll(cluster: Cluster, { size, seed, count, say }: FaultRun) {
  const shape = SHAPES[size];
  const rounds = count ?? shape.rounds;
  const dice = diceOf(seed, 'rolling upgrade');
  const codes: (number | null)[] = [];
  for (let round = 0; round < rounds; round++) {
    const inTurn = ROLES.map((role) => ({ role, at: dice.next() })).toSorted((a, b) => a.at - b.at);
    for (const { role } of inTurn) {
      codes.push(await replace(cluster, role, round));
      await pause(shape.betweenMs);
      say(`round ${round + 1}: ${role} replaced`);
    }
  }
  return codes;
}

async function run(played: FaultRun): Promise<Outcome> {
  const shape = SHAPES[played.size];
  const cluster = await startCluster();
  const { store, close } = openStoreToRead(cluster.url);
  const ended = new AbortController();
  const ledger = loadLedger();
  try {
    const [broker, , , web] = await Promise.all(ROLES.map((role) => cluster.start(nameIn(role, 0), [role])));
    if (!broker || !web) throw new Error('a process a role was started');
    const owner = await logIn(web.httpUrl, web.ownerLink ?? '');
    const { homes } = await registerHomes(owner, shape.homes);
    await allLetIn(broker.mqttPort, homes);
    const sampler = startSampler({ url: cluster.url, processes: cluster.processes });
    const load = runLoad({
      ...{ host: '127.0.0.1', port: broker.mqttPort, hubs: hubLinesOf(homes), rate: shape.rate, seconds: 3_600 },
      ...{ criticalPerMille: 10, reconnect: true, signal: ended.signal, drainMs: SETTLED_MS },
      ...{ onSend: ledger.onSend, onAck: ledger.onAck },
    });
    await until('the load to be acknowledged', () => ledger.acked() > shape.rate, SETTLED_MS);
    const acks = watchAcks(ledger);
    const codes = await upgradeAll(cluster, played);
    const withoutAckMs = acks.stop();
    // The first process of the new version has brought the schema further, while those of the old one still serve.
    await query(cluster.url, ...MIGRATION);
    const before = ledger.acked();
    const old = await startOld(cluster);
    await until('those that run to go on', () => ledger.acked() > before + shape.rate, SETTLED_MS);
    ended.abort();
    const { unacked } = await load;
    const level = async () => (await store.facts({ now: Date.now() })).unreadSince === null;
    await until('the processors to have read everything', level, SETTLED_MS).catch(() => {});
    await sampler.stop();
    const last = await Promise.all([...cluster.processes().keys()].map((name) => cluster.process(name).stop()));
    const db = openToQuery(cluster.url);
    const messages = await readMessages(store, db, ledger);
    await db.destroy();
    const { sampled } = sampler;
    return {
      load: { homes: shape.homes, messagesPerSecond: shape.rate, critical: '1 %' },
      faults: { processesReplaced: codes.length, startsOfOldOnNew: 1 },
      counts: {
        acknowledged: ledger.acked(),
        longestWithoutAckMs: withoutAckMs,
        deadlineLateMaxMs: sampled.alertLateMs,
      },
      broken: [
        ...acknowledgedIsKept(messages),
        ...takesEffectOnce(messages),
        ...emergencyHasOneAlert(messages),
        ...neverWentBack(sampled),
        ...nothingUnattended(sampled, shape.latestMs),
        ...brokenOf(
          [unacked === 0, `${unacked} messages were not acknowledged`],
          [[...codes, ...last].every((code) => code === 0), `processes ended with ${[...codes, ...last]}`],
          [old.code === '2', `the old program ended with ${old.code} on the new schema`],
          [old.said.includes(FUTURE), `the old program did not say what is newer: ${old.said}`],
          [!old.changed, 'the old program changed the new schema'],
        ),
      ],
    };
  } finally {
    ended.abort();
    await close();
    await cluster.end();
  }
}

export const rollingUpgrade: Fault = {
  name: 'rolling-upgrade',
  happens: 'each role is replaced under load while the others run; then old code meets a newer schema (PostgreSQL)',
  bar: 'nothing acknowledged lost, every process ends in order; what runs goes on over the newer schema, and old code refuses to start on it and changes nothing',
  unavailable: postgresAvailable,
  run,
};
