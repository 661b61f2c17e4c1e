import { setTimeout as pause } from 'node:timers/promises';
import { runLoad } from '../../device-sim/load.ts';
import { partitionLease } from '../../ingest/roster.ts';
import type { Lease } from '../../store/lease.ts';
import { type OpenStore, openStoreToRead } from '../../store/open.ts';
import { hubLinesOf, logIn, registerHomes } from '../person.ts';
import { postgresAvailable } from '../postgres.ts';
import { until } from '../system.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome } from './fault.ts';
import { acknowledgedIsKept, emergencyHasOneAlert, readMessages, takesEffectOnce } from './invariants-messages.ts';
import { loadLedger } from './load-ledger.ts';
import { openToQuery } from './query.ts';
import { neverWentBack, nothingUnattended, startSampler } from './sampler.ts';

const HOMES = 60;
const RATE = { short: 200, full: 1_000 };
const PAUSES_S = { short: [18], full: [5, 30, 120, 30, 5, 120] };
const TAKEN_OVER_MS = 15_000;
/** Beside the lease's silence: how long a busy machine may take to start eight partitions. */
const LATEST_MS = 60_000;
const DEADLINE_LATE_MS = 10_000;

type Owners = ReadonlyMap<number, string>;

async function partitionsOf({ store }: OpenStore): Promise<Lease[]> {
  return store.leases({ prefix: partitionLease(0).slice(0, -1) });
}

const ownersOf = async (memory: OpenStore): Promise<Owners> =>
  new Map((await partitionsOf(memory)).map(({ owner }, number) => [number, owner]));

const countOf = (owners: Owners, owner: string): number => [...owners.values()].filter((it) => it === owner).length;

/** Each of the two has half of the partitions. */
const shared = (memory: OpenStore) =>
  until(
    'the partitions to be shared',
    async () => {
      const owners = await ownersOf(memory);
      const each = [...new Set(owners.values())].filter((owner) => owner !== '');
      return each.length === 2 && each.every((owner) => countOf(owners, owner) === owners.size / 2) && owners;
    },
    LATEST_MS,
  );

/** Every partition has gone on since: a turn of each is younger than when it was looked at first. */
async function allGoOn(memory: OpenStore, partitions: number): Promise<void> {
  const turnOf = async (number: number) => {
    const turns = await memory.store.turnsFrom({ processor: String(number), number: 0 });
    return turns.at(-1)?.number ?? 0;
  };
  for (let number = 0; number < partitions; number++) {
    const before = await turnOf(number);
    await until(`partition ${number} to go on`, async () => (await turnOf(number)) > before, LATEST_MS);
  }
}

type Stopped = { readonly takenOverMs: number; readonly turnsBySleeper: number };

/** Stops one of the two, which owns half, and lets it go on: how soon the other had all, and what the sleeper wrote after. */
async function stop(cluster: Cluster, memory: OpenStore, name: string, seconds: number): Promise<Stopped> {
  const before = await shared(memory);
  const { child, log } = cluster.process(name);
  const logged = log().length;
  const from = performance.now();
  child.kill('SIGSTOP');
  let takenOverMs = 0;
  if (seconds * 1_000 > TAKEN_OVER_MS) {
    await until(
      'the other to have taken over',
      async () => new Set((await ownersOf(memory)).values()).size === 1,
      LATEST_MS,
    );
    takenOverMs = performance.now() - from;
    await allGoOn(memory, before.size);
  }
  await pause(Math.max(0, seconds * 1_000 - (performance.now() - from)));
  child.kill('SIGCONT');
  await shared(memory);
  const said = log().slice(logged);
  return { takenOverMs, turnsBySleeper: said.split('another processor has taken this partition').length - 1 };
}

async function run({ size, seed, count, say }: FaultRun): Promise<Outcome> {
  const cluster = await startCluster();
  const memory = openStoreToRead(cluster.url);
  const ended = new AbortController();
  const ledger = loadLedger();
  try {
    const front = await cluster.start('front', ['broker', 'web']);
    await Promise.all(['ingest 1', 'ingest 2'].map((name) => cluster.start(name, ['ingest'])));
    await Promise.all(['alerts 1', 'alerts 2'].map((name) => cluster.start(name, ['alerts'])));
    const owner = await logIn(front.httpUrl, front.ownerLink ?? '');
    const { homes } = await registerHomes(owner, HOMES);
    const sampler = startSampler({ url: cluster.url, processes: cluster.processes });
    const load = runLoad({
      ...{ host: '127.0.0.1', port: front.mqttPort, hubs: hubLinesOf(homes), rate: RATE[size], seconds: 3_600 },
      ...{ criticalPerMille: 10, reconnect: true, signal: ended.signal, drainMs: 30_000 },
      ...{ onSend: ledger.onSend, onAck: ledger.onAck },
    });
    const pauses = count === null ? PAUSES_S[size] : PAUSES_S.full.slice(0, count);
    const stopped: Stopped[] = [];
    for (const [n, seconds] of pauses.entries()) {
      const which = ((seed + n) % 2) + 1;
      cluster.process(`alerts ${which}`).child.kill('SIGSTOP');
      stopped.push(await stop(cluster, memory, `ingest ${which}`, seconds));
      cluster.process(`alerts ${which}`).child.kill('SIGCONT');
      say(`stopped for ${seconds} s: ${JSON.stringify(stopped.at(-1))}`);
    }
    ended.abort();
    const { unacked, acked } = await load;
    await until('the processors to be level', async () => {
      const { processorBehindMs } = await owner.get<{ processorBehindMs: number }>('/system');
      return processorBehindMs < 500;
    });
    await sampler.stop();
    const { sampled } = sampler;
    await Promise.all(['ingest 1', 'ingest 2'].map((name) => cluster.process(name).stop()));
    const db = openToQuery(cluster.url);
    const seen = await readMessages(memory.store, db, ledger);
    await db.destroy();
    const takenOverMs = Math.max(...stopped.map((it) => it.takenOverMs));
    return {
      load: { homes: HOMES, messagesPerSecond: RATE[size], critical: '1 %' },
      faults: { stops: pauses.length * 2, secondsStopped: pauses.reduce((a, b) => a + b, 0) },
      counts: {
        acknowledged: acked,
        unacknowledged: unacked,
        takenOverMs: Math.round(takenOverMs),
        alertLateMs: sampled.alertLateMs,
      },
      broken: [
        ...acknowledgedIsKept(seen),
        ...takesEffectOnce(seen),
        ...emergencyHasOneAlert(seen),
        ...neverWentBack(sampled),
        ...nothingUnattended(sampled, DEADLINE_LATE_MS),
        ...brokenOf(
          [takenOverMs <= TAKEN_OVER_MS, `taken over after ${Math.round(takenOverMs)} ms`],
          [unacked === 0, `${unacked} messages were not acknowledged`],
        ),
      ],
    };
  } finally {
    ended.abort();
    await memory.close();
    await cluster.end();
  }
}

export const stoppedOwner: Fault = {
  name: 'stopped-owner',
  happens: 'a processor and an escalator stand still (SIGSTOP) and go on, two of each on PostgreSQL',
  bar: 'others take over within 15 s; who stood still writes nothing as the owner that it no longer is; no deadline over 10 s late',
  unavailable: postgresAvailable,
  run,
};
