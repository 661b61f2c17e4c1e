import { setTimeout as pause } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { WebSocket } from 'ws';
import { openDesk } from '../../bench/desk.ts';
import type { HubLine } from '../../device-sim/hubs-csv.ts';
import { type Latencies, latencies } from '../../device-sim/latency.ts';
import { runLoad } from '../../device-sim/load.ts';
import { hubLinesOf, logIn, type Person, registerHomes } from '../person.ts';
import { type System, startFreshSystem, until } from '../system.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';
import { metricOf } from './metric.ts';
import { grownBy, held, watchProcess } from './watched-process.ts';

const FROZEN = 20;
const MEMORY_MB = 20;
const sizes = {
  short: { homes: 100, presses: 100, rounds: 1, calmS: 4, dropWithinMs: 30_000, slower: 10, freeMs: 500 },
  full: { homes: 2_000, presses: 200, rounds: 8, calmS: 60, dropWithinMs: 5_500, slower: 1.5, freeMs: 20 },
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
    /** What was measured since the last call. */
    taken(): Latencies {
      const { times } = seen;
      seen.times = latencies();
      return times;
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
async function frozenConsole({ httpUrl }: System, { cookie }: Person): Promise<WebSocket> {
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
async function freeze(system: System, owner: Person, withinMs: number, seen: Seen): Promise<void> {
  const before = await metricOf(system.httpUrl, 'shouwang_consoles_dropped_total');
  const sockets = await Promise.all(Array.from({ length: FROZEN }, () => frozenConsole(system, owner)));
  const from = performance.now();
  await until(
    'the frozen consoles to be dropped',
    async () => {
      seen.mostUnreadBytes = Math.max(
        seen.mostUnreadBytes,
        await metricOf(system.httpUrl, 'shouwang_consoles_unread_bytes'),
      );
      return (await metricOf(system.httpUrl, 'shouwang_consoles_dropped_total')) >= before + FROZEN;
    },
    withinMs * 2,
  ).catch(() => null);
  seen.slowestDropMs = Math.max(seen.slowestDropMs, performance.now() - from);
  for (const socket of sockets) socket.terminate();
}

async function run({ size, count, say }: FaultRun): Promise<Outcome> {
  const { homes, presses, rounds, calmS, dropWithinMs, slower, freeMs } = {
    ...sizes[size],
    ...(count && { rounds: count }),
  };
  const system = await startFreshSystem();
  const watched = watchProcess(system);
  try {
    const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
    const [pressed, ...hubs] = hubLinesOf((await registerHomes(owner, homes + 1)).homes);
    if (!pressed) throw new Error('homes were registered');
    const desk = await pressToDesk(system, owner, pressed);
    const ended = new AbortController();
    const place = { host: '127.0.0.1', port: system.mqttPort, hubs, signal: ended.signal };
    const storm = runLoad({ ...place, rate: presses, seconds: 3_600, criticalPerMille: 1_000 });
    await pause(calmS * 1_000);

    // Under a storm the server grows with its alerts, too.
    const firstMb = held(watched);
    await pause(calmS * 1_000);
    const firstHeld = firstMb();
    desk.taken();
    const calmMb = held(watched);
    await pause(calmS * 1_000);
    const [calm, calmHeld] = [desk.taken(), calmMb()];
    say(`without frozen consoles: p99 ${calm.quantile(0.99)} ms, ${firstHeld}, then ${calmHeld} MB`);

    const seen: Seen = { slowestDropMs: 0, mostUnreadBytes: 0 };
    const frozenMb = held(watched);
    for (let round = 0; round < rounds; round++) await freeze(system, owner, dropWithinMs, seen);
    const [frozen, frozenHeld] = [desk.taken(), frozenMb()];
    say(`with ${FROZEN} of them: p99 ${frozen.quantile(0.99)} ms, ${frozenHeld} MB`);
    ended.abort();
    const { acked } = await storm;
    await desk.stop();

    const unreadMb = seen.mostUnreadBytes / 1_000_000;
    const [calmMs, frozenMs] = [calm.quantile(0.99), frozen.quantile(0.99)];
    const grownMb = grownBy(firstHeld, calmHeld, frozenHeld);
    return {
      load: { homes, presses_per_s: presses, acked },
      faults: { frozen: FROZEN * rounds },
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
  bar: `each is dropped within 5 s or at 1 MB unread, the server holds ${MEMORY_MB} MB more at most than it would anyway (median), another desk hears within 1.5 × its time and 20 ms (p99)`,
  unavailable: playable,
  run,
};
