import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ConnectFields, dialIn, type RawHub, subscribeFrame, types } from '../../broker/doors/raw-hub.ts';
import { type Latencies, latencies } from '../../device-sim/latency.ts';
import { runLoad } from '../../device-sim/load.ts';
import { memoryFolder } from '../memory.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';
import { grownInTrouble, watchProcess } from './watched-process.ts';

const DOOR = fileURLToPath(new URL('./frozen-hub-door.ts', import.meta.url));

const sizes = {
  short: { hubs: 10, others: 50, rate: 200, turns: 1, seconds: 4, slower: 10, freeMs: 500, ownMb: 90 },
  full: { hubs: 50, others: 500, rate: 2_000, turns: 5, seconds: 20, slower: 1.5, freeMs: 20, ownMb: 0 },
} as const;
/** As long as the door waits for a connection to drain, and a little. */
const CUT_WITHIN_MS = 22_000;
/** What the door holds for one that does not read; a young process also grows into its room (`ownMb`). */
const MB_A_HUB = 1;

async function openDoor(hubs: number, others: number) {
  // What a disk takes now and then is more than what is measured here.
  const folder = memoryFolder();
  const child = fork(DOOR, [String(hubs), String(others)], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    env: { ...process.env, TMPDIR: folder.path },
  });
  const exited = once(child, 'exit');
  const [{ port, hubs: all }] = (await once(child, 'message')) as [{ port: number; hubs: Required<ConnectFields>[] }];
  return {
    port,
    talkedTo: all.slice(0, hubs),
    others: all.slice(hubs),
    child,
    async close() {
      child.disconnect();
      await exited;
      folder.remove();
    },
  };
}

async function subscriber(port: number, fields: ConnectFields): Promise<RawHub> {
  const hub = await dialIn(port, fields);
  hub.write(subscribeFrame(1, ['#']));
  await hub.heard(types.suback);
  // What it hears is of no interest, and would fill this process.
  hub.socket.removeAllListeners('data').resume();
  return hub;
}

type Seen = { cut: number; slowestCutMs: number };

/** Freezes, is cut off, comes back and freezes again, until told to end. */
async function freezeAgainAndAgain(port: number, fields: ConnectFields, over: AbortSignal, seen: Seen): Promise<void> {
  while (!over.aborted) {
    const hub = await subscriber(port, fields);
    hub.socket.pause();
    const from = performance.now();
    // Who does not read does not see the end either; only a write tells.
    while (!hub.socket.destroyed && !over.aborted) {
      hub.write(Buffer.from([0xc0, 0]));
      await pause(50);
    }
    if (!over.aborted) {
      seen.cut++;
      seen.slowestCutMs = Math.max(seen.slowestCutMs, performance.now() - from);
    } else if (performance.now() - from > CUT_WITHIN_MS) {
      seen.slowestCutMs = Math.max(seen.slowestCutMs, performance.now() - from);
    }
    hub.socket.destroy();
  }
}

async function run({ size, count, say }: FaultRun): Promise<Outcome> {
  const { hubs, others, rate, turns, seconds, slower, freeMs, ownMb } = {
    ...sizes[size],
    ...(count !== null && { hubs: count }),
  };
  const door = await openDoor(hubs, others);
  const watched = watchProcess(door);
  const ended = new AbortController();
  try {
    const [calm, frozen] = [latencies(), latencies()];
    let times: Latencies | null = null;
    const load = runLoad({
      ...{ host: '127.0.0.1', port: door.port, rate, seconds: 3_600, signal: ended.signal },
      hubs: door.others.map((it) => ({ ...it, topic: `sw/${it.clientId}/up` })),
      onAck: (_hub, _boot, _seq, _critical, ms) => times?.add(ms),
    });
    const allRead = async (measuresInto: Latencies | null) => {
      const readers = await Promise.all(door.talkedTo.map((fields) => subscriber(door.port, fields)));
      times = measuresInto;
      await pause(seconds * 1_000);
      for (const { socket } of readers) socket.destroy();
    };
    await allRead(null);

    const seen: Seen = { cut: 0, slowestCutMs: 0 };
    const grownMb = await grownInTrouble(
      watched,
      turns,
      () => allRead(calm),
      async () => {
        const over = new AbortController();
        times = frozen;
        const wanted = seen.cut + hubs;
        const freezing = door.talkedTo.map((fields) => freezeAgainAndAgain(door.port, fields, over.signal, seen));
        await pause(seconds * 1_000);
        for (let left = CUT_WITHIN_MS; seen.cut < wanted && left > 0; left -= 100) await pause(100);
        over.abort();
        await Promise.all(freezing);
        say(
          `p99 ${calm.quantile(0.99)} ms, while ${hubs} do not read ${frozen.quantile(0.99)} ms, ${seen.cut} cut off`,
        );
      },
    );
    ended.abort();
    const { acked, unacked, dead } = await load;

    const [calmMs, frozenMs] = [calm.quantile(0.99), frozen.quantile(0.99)];
    const slowestCutMs = Math.round(seen.slowestCutMs);
    return {
      load: { others, messages_per_s: rate, acked },
      faults: { frozen: hubs, cut_off: seen.cut },
      counts: {
        ...{ calm_p99_ms: calmMs, frozen_p99_ms: frozenMs, slowest_cut_ms: slowestCutMs, grown_mb: grownMb },
        ...{ unacked, others_cut_off: dead },
      },
      broken: brokenOf(
        [seen.cut >= hubs * turns, `only ${seen.cut} times was one of ${hubs} frozen hubs cut off`],
        [slowestCutMs <= CUT_WITHIN_MS, `a frozen hub was kept for ${slowestCutMs} ms`],
        [frozenMs <= calmMs * slower + freeMs, `others waited ${frozenMs} ms (p99), ${calmMs} ms while all read`],
        [grownMb <= hubs * MB_A_HUB + ownMb, `the door grew by ${grownMb} MB`],
        [unacked === 0 && dead === 0, `${unacked} messages of others were lost, ${dead} of them cut off`],
      ),
    };
  } finally {
    ended.abort();
    watched.stop();
    await door.close();
  }
}

export const frozenHubs: Fault = {
  name: 'frozen-hub',
  happens: 'hubs that are sent 3 MB/s stop reading, come back when they are cut off, and stop again',
  bar: `each is cut off within ${CUT_WITHIN_MS / 1_000} s, ${MB_A_HUB} MB is held for it at most (median, above what the door holds while all read), other hubs are answered within 1.5 × their time and 20 ms (p99)`,
  unavailable: playable,
  run,
};
