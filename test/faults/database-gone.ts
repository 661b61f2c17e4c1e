import { setTimeout as pause } from 'node:timers/promises';
import { dice as diceOf } from '../../device-sim/dice.ts';
import { runLoad } from '../../device-sim/load.ts';
import { openStoreToRead } from '../../store/open.ts';
import { serversOf } from '../../store/postgres.ts';
import { hubLinesOf, logIn, registerHomes } from '../person.ts';
import { postgresAvailable } from '../postgres.ts';
import { until } from '../system.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { type Desk, openDesk } from './desk.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome } from './fault.ts';
import { acknowledgedIsKept, emergencyHasOneAlert, readMessages, takesEffectOnce } from './invariants-messages.ts';
import { type LoadLedger, loadLedger } from './load-ledger.ts';
import { allLetIn, openPresses, type Presses } from './presses.ts';
import { openToQuery } from './query.ts';
import { neverWentBack, nothingUnattended, startSampler } from './sampler.ts';
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts';

/** `backMs`: from the return of the database to the alert; the short form also runs on a machine that does nine other things. */
const SHAPES = {
  short: { homes: 40, rate: 200, outageMs: 3_000, failOverMs: 13_000, backMs: 40_000, latestMs: 45_000 },
  full: { homes: 500, rate: 1_000, outageMs: 60_000, failOverMs: 10_000, backMs: 10_000, latestMs: 10_000 },
} as const;

const PROCESSES = { broker: ['broker'], ingest: ['ingest'], alerts: ['alerts'], desk: ['web', 'auditor'] } as const;
const PRESSES = 5;
const SETTLED_MS = 90_000;
/** What had been committed when the database went may still be told to the hubs. */
const LAST_ANSWERS_MS = 2_000;
const RED_WITHIN_MS = 30_000;
/** A desk waits ten seconds for a beat, of which one comes every three. */
const SURELY_RED_MS = 14_000;

type Scene = {
  readonly cluster: Cluster;
  readonly ledger: LoadLedger;
  readonly desk: Desk;
  readonly presses: Presses;
};

type Gone = {
  readonly lastedMs: number;
  readonly ackedMeanwhile: number;
  /** From its going until the desk said that it had no link; null when it did not. */
  readonly redAfterMs: number | null;
  /** From its return to the first acknowledgement, and to the last alert of those who pressed meanwhile, which their PUBACK says. */
  readonly ackAfterMs: number;
  readonly alertAfterMs: number;
  /** Acknowledged presses that are no alert. */
  readonly unraised: number;
};

type Way = { readonly go: () => Promise<void>; readonly forMs: number; readonly back: () => Promise<void> };

/** The database goes, and comes back; people press their buttons meanwhile. */
async function goAway({ ledger, desk, presses }: Scene, { go, forMs, back }: Way): Promise<Gone> {
  await until('the desk to be live', () => desk.link() === 'live', SETTLED_MS);
  const goneAt = performance.now();
  await go();
  for (let press = 0; press < PRESSES; press++) await presses.press();
  await pause(LAST_ANSWERS_MS);
  const acked = ledger.acked();
  const red = until('the desk to be red', () => desk.link() === 'lost', RED_WITHIN_MS).then(
    () => Math.round(desk.linkSince() - goneAt),
    () => null,
  );
  await pause(Math.max(0, forMs - (performance.now() - goneAt)));
  const ackedMeanwhile = ledger.acked() - acked;
  const nextAck = ledger.nextAck();
  await back();
  const backAt = performance.now();
  const ackAfterMs = Math.round((await nextAck) - backAt);
  const redAfterMs = await Promise.race([red, pause(0, null)]);
  const seen = await presses.settle(SETTLED_MS);
  const alertAfterMs = Math.round(Math.max(...seen.map(({ ackedAt }) => ackedAt)) - backAt);
  const unraised = seen.filter(({ raised }) => !raised).length;
  return { lastedMs: Math.round(backAt - goneAt), ackedMeanwhile, redAfterMs, ackAfterMs, alertAfterMs, unraised };
}

const brokenBy = (name: string, gone: Gone, { backMs }: { readonly backMs: number }): string[] =>
  brokenOf(
    [gone.ackedMeanwhile === 0, `${gone.ackedMeanwhile} messages were acknowledged without a database (${name})`],
    [gone.alertAfterMs <= backMs, `an emergency was an alert ${gone.alertAfterMs} ms after the return (${name})`],
    [gone.unraised === 0, `${gone.unraised} acknowledged presses are no alert (${name})`],
    [
      gone.redAfterMs !== null || gone.lastedMs + gone.ackAfterMs < SURELY_RED_MS,
      `the desk showed nothing of it in ${gone.lastedMs + gone.ackAfterMs} ms (${name})`,
    ],
    [(gone.redAfterMs ?? 0) <= RED_WITHIN_MS, `the desk was red only after ${gone.redAfterMs} ms (${name})`],
  );

async function open({ size, seed }: FaultRun) {
  const shape = SHAPES[size];
  const cluster = await startCluster();
  const standby = await cluster.startStandby();
  const proxies: TcpProxy[] = [];
  for (const server of serversOf(cluster.url)) proxies.push(await tcpProxy({ port: Number(new URL(server).port) }));
  const hosts = proxies.map(({ port }) => `127.0.0.1:${port}`).join(',');
  const env = { SHOUWANG_DATABASE_URL: cluster.url.replace(/@[^/]*/, `@${hosts}`) };
  const [broker, , , web] = await Promise.all(
    Object.entries(PROCESSES).map(([name, roles]) => cluster.start(name, roles, env)),
  );
  if (!broker || !web) throw new Error('every process was started');
  const owner = await logIn(web.httpUrl, web.ownerLink ?? '');
  const { homes } = await registerHomes(owner, shape.homes + 2 * PRESSES);
  await allLetIn(broker.mqttPort, homes);
  const desk = openDesk(owner, web.httpUrl, diceOf(seed, 'desk'));
  desk.rest();
  const presses = openPresses(owner, web.httpUrl, broker.mqttPort, homes.slice(shape.homes));
  const ledger = loadLedger();
  const ended = new AbortController();
  const load = runLoad({
    ...{ host: '127.0.0.1', port: broker.mqttPort, hubs: hubLinesOf(homes.slice(0, shape.homes)), rate: shape.rate },
    ...{ seconds: 3_600, criticalPerMille: 10, reconnect: true, signal: ended.signal, drainMs: SETTLED_MS },
    ...{ onSend: ledger.onSend, onAck: ledger.onAck },
  });
  return {
    ...{ cluster, standby, ledger, desk, presses, proxies },
    endLoad() {
      ended.abort();
      return load;
    },
  };
}

async function run(played: FaultRun): Promise<Outcome> {
  const shape = SHAPES[played.size];
  const scene = await open(played);
  const { cluster, standby, ledger } = scene;
  const { store, close } = openStoreToRead(cluster.url);
  const sampler = startSampler({ url: cluster.url, processes: cluster.processes });
  try {
    await until('the load to be acknowledged', () => ledger.acked() > shape.rate, SETTLED_MS);
    const outage = await goAway(scene, {
      go: () => cluster.database.goDown('SIGQUIT'),
      forMs: shape.outageMs,
      back: cluster.database.comeUp,
    });
    played.say(`outage: ${JSON.stringify(outage)}`);
    const failOver = await goAway(scene, {
      // Nobody is told, as when a machine loses its power.
      async go() {
        scene.proxies[0]?.freeze('up', 'down');
        await cluster.database.goDown('SIGQUIT');
      },
      forMs: shape.failOverMs,
      back: standby.promote,
    });
    played.say(`fail-over: ${JSON.stringify(failOver)}`);
    // Somebody has cleared the dead machine away; else each process would take ten seconds to end.
    scene.proxies[0]?.cut();
    const { unacked } = await scene.endLoad();
    const level = async () => (await store.facts({ now: Date.now() })).unreadSince === null;
    await until('the processors to have read everything', level, SETTLED_MS).catch(() => {});
    await Promise.all([sampler.stop(), scene.desk.close(), scene.presses.close()]);
    const ends = await Promise.all(Object.keys(PROCESSES).map((name) => cluster.process(name).stop()));
    const db = openToQuery(cluster.url);
    const messages = await readMessages(store, db, ledger);
    await db.destroy();
    const { sampled } = sampler;
    return {
      load: { homes: shape.homes, messagesPerSecond: shape.rate, critical: '1 %' },
      faults: { secondsWithout: Math.round(outage.lastedMs / 1_000), failOvers: 1 },
      counts: {
        acknowledged: ledger.acked(),
        acknowledgedMeanwhile: outage.ackedMeanwhile + failOver.ackedMeanwhile,
        deskRedAfterMs: outage.redAfterMs ?? failOver.redAfterMs ?? -1,
        ackAfterReturnMs: outage.ackAfterMs,
        alertAfterReturnMs: outage.alertAfterMs,
        ackAfterFailOverMs: failOver.ackAfterMs,
        alertAfterFailOverMs: failOver.alertAfterMs,
        deadlineLateMaxMs: sampled.alertLateMs,
      },
      broken: [
        ...brokenBy('outage', outage, shape),
        ...brokenBy('fail-over', failOver, shape),
        ...acknowledgedIsKept(messages),
        ...takesEffectOnce(messages),
        ...emergencyHasOneAlert(messages),
        ...neverWentBack(sampled),
        ...nothingUnattended(sampled, outage.lastedMs + shape.latestMs),
        ...brokenOf(
          [unacked === 0, `${unacked} messages were not acknowledged`],
          [ends.every((code) => code === 0), `processes ended with ${ends}`],
        ),
      ],
    };
  } finally {
    await scene.endLoad();
    await close();
    await cluster.end();
    for (const proxy of scene.proxies) await proxy.close();
  }
}

export const databaseGone: Fault = {
  name: 'database-gone',
  happens:
    'PostgreSQL is killed and comes back after a minute; then its machine is gone without a word and its standby takes over',
  bar: 'no PUBACK meanwhile, nothing acknowledged lost, emergencies alerted within 10 s of the return, the desk red within 30 s',
  unavailable: postgresAvailable,
  run,
};
