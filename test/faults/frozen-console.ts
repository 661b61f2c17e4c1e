import { setTimeout as pause } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { WebSocket } from 'ws';
import { openDesk } from '../../bench/desk.ts';
import type { HubLine } from '../../device-sim/hubs-csv.ts';
import { type Latencies, latencies } from '../../device-sim/latency.ts';
import { runLoad } from '../../device-sim/load.ts';
import { memoryFolder } from '../memory.ts';
import { hubLinesOf, logIn, type Person, registerHomes } from '../person.ts';
import { type System, startFreshSystem, until } from '../system.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';
import { metricsOf } from './metrics.ts';
import { grownInTrouble, watchProcess } from './watched-process.ts';

const FROZEN = 20;
const MEMORY_MB = 20;
const LOOK_MS = 250;
/** As long as consoles that freeze are kept. */
const CALM_MS = 5_000;
const DROPPED = 'shouwang_consoles_dropped_total';
const sizes = {
  short: { homes: 100, presses: 100, turns: 1, freezes: 1, warmS: 2, dropWithinMs: 30_000, slower: 10, freeMs: 500 },
  full: { homes: 2_000, presses: 200, turns: 5, freezes: 4, warmS: 60, dropWithinMs: 5_500, slower: 1.5, freeMs: 20 },
} as const;

/** Presses one button again and again until told to end: from the publish to the frame on a desk that reads, ms. */
async function pressToDesk(system: System, owner: Person, { clientId, username, password, topic }: HubLine) {
  const url = `mqtt://127.0.0.1:${system.mqttPort}`;
  const client = await connectAsync(url, { clientId, username, password });
  const press = (seq: number) => {
    const readings = [{ kind: 'sos', device: 'button', value: true }];
    return client.publishAsync(topic, JSON.stringify({ boot: 'pressed', seq, readings }), { qos: 1 });
  };
  await press(0);
  const first = await until('the first alert', async () => {
    const { alerts } = await owner.get<{ alerts: { id: string; householdName: string }[] }>('/alerts?limit=500');
    return alerts[0];
  });
  const desk = await openDesk(system.httpUrl, owner.cookie);
  const seen = { times: latencies(), over: false };
  const pressing = (async () => {
    for (let seq = 1; !seen.over; seq++) {
      const heard = desk.heard(first.id, 60_000);
      const from = performance.now();
      await press(seq);
      seen.times.add((await heard) - from);
      await pause(50);
    }
  })();
  return {
    measuresInto(times: Latencies) {
      seen.times = times;
    },
    async stop() {
      seen.over = true;
      await pressing;
      desk.close();
      await client.endAsync();
    },
  };
}

/** A console that is let in and never reads: a browser whose machine went to sleep. */
async function frozenConsole(httpUrl: string, { cookie }: Person): Promise<WebSocket> {
  const socket = new WebSocket(`${httpUrl.replace(/^http/, 'ws')}/api/live`, { headers: { cookie, origin: httpUrl } });
  socket.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.pause();
  return socket;
}

type Seen = { slowestDropMs: number; mostUnreadBytes: number };

/** Twenty consoles freeze, and are waited for until the server has let go of all of them. */
async function freeze({ httpUrl }: System, owner: Person, withinMs: number, seen: Seen): Promise<void> {
  const before = (await metricsOf(httpUrl))(DROPPED);
  const sockets = await Promise.all(Array.from({ length: FROZEN }, () => frozenConsole(httpUrl, owner)));
  const from = performance.now();
  let dropped = before;
  while (dropped < before + FROZEN && performance.now() - from < withinMs * 2) {
    // Whoever asks more often measures the answers.
    await pause(LOOK_MS);
    const counted = await metricsOf(httpUrl);
    dropped = counted(DROPPED);
    seen.mostUnreadBytes = Math.max(seen.mostUnreadBytes, counted('shouwang_consoles_unread_bytes'));
  }
  seen.slowestDropMs = Math.max(seen.slowestDropMs, performance.now() - from);
  for (const socket of sockets) socket.terminate();
}

async function run({ size, count, say }: FaultRun): Promise<Outcome> {
  const { homes, presses, turns, freezes, warmS, dropWithinMs, slower, freeMs } = {
    ...sizes[size],
    ...(count && { turns: count }),
  };
  // What a disk takes now and then is more than what is measured here.
  const system = await startFreshSystem({}, memoryFolder());
  const watched = watchProcess(system);
  try {
    const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
    const [pressed, ...hubs] = hubLinesOf((await registerHomes(owner, homes + 1)).homes);
    if (!pressed) throw new Error('homes were registered');
    const desk = await pressToDesk(system, owner, pressed);
    const ended = new AbortController();
    const place = { host: '127.0.0.1', port: system.mqttPort, hubs, signal: ended.signal };
    const storm = runLoad({ ...place, rate: presses, seconds: 3_600, criticalPerMille: 1_000 });
    await pause(warmS * 1_000);

    const [calm, frozen] = [latencies(), latencies()];
    const seen: Seen = { slowestDropMs: 0, mostUnreadBytes: 0 };
    const grownMb = await grownInTrouble(
      watched,
      turns,
      async () => {
        desk.measuresInto(calm);
        await pause(CALM_MS * freezes);
      },
      async () => {
        desk.measuresInto(frozen);
        for (let nth = 0; nth < freezes; nth++) await freeze(system, owner, dropWithinMs, seen);
        say(`p99 ${calm.quantile(0.99)} ms, with ${FROZEN} frozen consoles ${frozen.quantile(0.99)} ms`);
      },
    );
    ended.abort();
    const { acked } = await storm;
    await desk.stop();

    const unreadMb = seen.mostUnreadBytes / 1_000_000;
    const [calmMs, frozenMs] = [calm.quantile(0.99), frozen.quantile(0.99)];
    return {
      load: { homes, presses_per_s: presses, acked },
      faults: { frozen: FROZEN * freezes * turns },
      counts: {
        slowest_drop_ms: Math.round(seen.slowestDropMs),
        most_unread_mb: Number(unreadMb.toFixed(2)),
        grown_mb: grownMb,
        calm_p99_ms: calmMs,
        frozen_p99_ms: frozenMs,
      },
      broken: brokenOf(
        [seen.slowestDropMs <= dropWithinMs, `a frozen console was kept for ${Math.round(seen.slowestDropMs)} ms`],
        [unreadMb <= MEMORY_MB, `${unreadMb} MB were held for consoles that do not read`],
        [grownMb <= MEMORY_MB * (size === 'full' ? 1 : 10), `the server grew by ${grownMb} MB`],
        [
          frozenMs <= calmMs * slower + freeMs,
          `the other desk heard after ${frozenMs} ms (p99), without frozen ones ${calmMs} ms`,
        ],
      ),
    };
  } finally {
    watched.stop();
    await system.end();
  }
}

export const frozenConsoles: Fault = {
  name: 'frozen-console',
  happens: 'twenty consoles stop reading in the middle of a storm of alerts',
  bar: `each is dropped within 5 s or at 1 MB unread, the server holds ${MEMORY_MB} MB more at most than without them (median), another desk hears within 1.5 × its time and 20 ms (p99)`,
  unavailable: playable,
  run,
};
