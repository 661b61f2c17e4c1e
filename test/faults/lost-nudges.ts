import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { runLoad } from '../../device-sim/load.ts';
import { openStoreToRead } from '../../store/open.ts';
import { hubLinesOf, logIn, registerHomes } from '../person.ts';
import { postgresAvailable } from '../postgres.ts';
import { until } from '../system.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome } from './fault.ts';
import { acknowledgedIsKept, emergencyHasOneAlert, readMessages, takesEffectOnce } from './invariants-messages.ts';
import { loadLedger } from './load-ledger.ts';
import { allLetIn, openPresses, type Press, type Presses, p99 } from './presses.ts';
import { openToQuery } from './query.ts';
import { nothingUnattended, startSampler } from './sampler.ts';

/** `shownMs`: of a press until it stands on the desk; the short form also runs on a machine that does nine other things. */
const SHAPES = {
  short: { homes: 40, rate: 200, presses: 25, everyMs: 250, shownMs: 10_000, latestMs: 45_000 },
  full: { homes: 500, rate: 1_000, presses: 450, everyMs: 1_300, shownMs: 2_000, latestMs: 10_000 },
} as const;

/** Sooner than a connection that was cut comes back with much to say. */
const CUT_EVERY_MS = 20;
const SETTLED_MS = 60_000;

type Cutting = { cuts: number; readonly stop: () => Promise<void> };

/** Cuts every connection by which processes nudge one another, again and again. */
async function cutNudges(url: string): Promise<Cutting> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  let stopped = false;
  const cutting: Cutting = {
    cuts: 0,
    async stop() {
      stopped = true;
      await running;
      await admin.end();
    },
  };
  const run = async (): Promise<void> => {
    while (!stopped) {
      const { rowCount } = await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'shouwang nudge'`,
      );
      cutting.cuts += rowCount ?? 0;
      await pause(CUT_EVERY_MS);
    }
  };
  const running = run();
  return cutting;
}

async function nudgesReceived(httpUrl: string): Promise<number> {
  const text = await (await fetch(`${httpUrl}/metrics`)).text();
  const counts = text.matchAll(/^shouwang_nudges_received_total\{.*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

async function startRoles(cluster: Cluster) {
  const [broker, web] = await Promise.all([
    cluster.start('broker', ['broker']),
    cluster.start('web', ['web']),
    cluster.start('ingest', ['ingest']),
    cluster.start('alerts', ['alerts']),
  ]);
  return { broker, web };
}

async function pressOneByOne(presses: Presses, wanted: number, everyMs: number): Promise<readonly Press[]> {
  for (let press = 0; press < wanted; press++) {
    await presses.press();
    await pause(everyMs);
  }
  return presses.settle(SETTLED_MS);
}

async function run({ size, count, say }: FaultRun): Promise<Outcome> {
  const shape = SHAPES[size];
  const wanted = count ?? shape.presses;
  const cluster = await startCluster();
  const { store, close } = openStoreToRead(cluster.url);
  const ended = new AbortController();
  const ledger = loadLedger();
  try {
    const { broker, web } = await startRoles(cluster);
    const owner = await logIn(web.httpUrl, web.ownerLink ?? '');
    const { homes } = await registerHomes(owner, shape.homes + wanted);
    await allLetIn(broker.mqttPort, homes);
    const sampler = startSampler({ url: cluster.url, processes: cluster.processes });
    const load = runLoad({
      ...{ host: '127.0.0.1', port: broker.mqttPort, hubs: hubLinesOf(homes.slice(0, shape.homes)) },
      ...{ rate: shape.rate, seconds: 3_600, criticalPerMille: 10, reconnect: true, signal: ended.signal },
      ...{ onSend: ledger.onSend, onAck: ledger.onAck },
    });
    const presses = openPresses(owner, web.httpUrl, broker.mqttPort, homes.slice(shape.homes));
    await until('the load to be acknowledged', () => ledger.acked() > shape.rate, SETTLED_MS);
    const cutting = await cutNudges(cluster.url);
    const before = await nudgesReceived(web.httpUrl);
    const from = performance.now();
    const seen = await pressOneByOne(presses, wanted, shape.everyMs);
    say(`${seen.length} presses, ${cutting.cuts} cuts`);
    const lastedMs = performance.now() - from;
    const received = (await nudgesReceived(web.httpUrl)) - before;
    ended.abort();
    const { unacked } = await load;
    const level = async () => (await store.facts({ now: Date.now() })).unreadSince === null;
    await until('the processors to have read everything', level, SETTLED_MS).catch(() => {});
    await cutting.stop();
    await Promise.all([sampler.stop(), presses.close()]);
    // It writes its last checkpoint as it ends.
    await cluster.process('ingest').stop();
    const db = openToQuery(cluster.url);
    const messages = await readMessages(store, db, ledger);
    await db.destroy();
    const shownMs = p99(seen.map(({ pressedAt, shownAt }) => shownAt - pressedAt));
    return {
      load: { homes: shape.homes, messagesPerSecond: shape.rate, critical: '1 %', presses: wanted },
      faults: { nudgeConnectionsCut: cutting.cuts, secondsWithout: Math.round(lastedMs / 1_000) },
      counts: {
        acknowledged: ledger.acked(),
        nudgesThatCameToTheWebAllTheSame: received,
        pressToDeskP99Ms: shownMs,
        deadlineLateMaxMs: sampler.sampled.alertLateMs,
      },
      broken: [
        ...acknowledgedIsKept(messages),
        ...takesEffectOnce(messages),
        ...emergencyHasOneAlert(messages),
        ...nothingUnattended(sampler.sampled, shape.latestMs),
        ...brokenOf(
          [unacked === 0, `${unacked} messages were not acknowledged`],
          [cutting.cuts > wanted, 'hardly a connection was cut'],
          [received * 1_000 <= lastedMs, `${received} nudges came to the web: what was seen is not polling alone`],
          [shownMs <= shape.shownMs, `a press took ${shownMs} ms to the desk (p99)`],
        ),
      ],
    };
  } finally {
    ended.abort();
    await close();
    await cluster.end();
  }
}

export const lostNudges: Fault = {
  name: 'lost-nudges',
  happens: 'every connection by which processes wake one another is cut, again and again, for ten minutes (PostgreSQL)',
  bar: 'nothing acknowledged lost; from the button to the desk by polling alone in 2 s (p99)',
  unavailable: postgresAvailable,
  run,
};
