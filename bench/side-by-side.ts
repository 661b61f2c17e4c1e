import { once } from 'node:events';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { WebSocket } from 'ws';
import type { HubLine } from '../device-sim/hubs-csv.ts';
import { type Latencies, latencies } from '../device-sim/latency.ts';
import { runLoad } from '../device-sim/load.ts';
import { brokenOf } from '../test/faults/fault.ts';
import { logIn } from '../test/person.ts';
import { startFreshSystem, until } from '../test/system.ts';
import { openBehind } from './behind.ts';
import { type Bench, type BenchRun, rounded } from './bench.ts';
import { openPresses } from './press.ts';
import { registerHubs } from './register.ts';
import { mosquittoUnavailable, startNodeRed } from './side-by-side/node-red.ts';

const HUBS = 500;
const RATES = [2_250, 10_000, 15_000, 20_000, 25_000, 30_000, 35_000, 40_000, 50_000, 60_000] as const;
/** Who keeps up has dealt with everything so soon after it was said. */
const LEVEL_WITHIN_MS = 1_000;
/** What somebody at a desk does not notice. The flow is quicker: it keeps nothing. */
const DESK_P99_MS = 100;

/** Somebody who takes what hubs say, and shows a pressed button to a browser. */
type Contender = {
  readonly mqttPort: number;
  readonly hubs: readonly HubLine[];
  /** From the publish of a press to the browser's frame, until told to end. */
  readonly press: (signal: AbortSignal) => Promise<Latencies>;
  /** Whether all of so many messages since the last time have been dealt with. */
  readonly level: (acked: number) => Promise<boolean>;
  readonly end: () => Promise<void>;
};

async function nodeRed(): Promise<Contender> {
  const it = await startNodeRed();
  const [pressed, ...hubs] = Array.from({ length: HUBS + 1 }, (_, i) => ({
    ...{ clientId: `hub-${i + 1}`, username: 'any', password: 'any', topic: `sw/hub-${i + 1}/up` },
  }));
  if (!pressed) throw new Error('there is no hub');
  let heardBefore = 0;
  let presses = 0;
  return {
    mqttPort: it.mqttPort,
    hubs,
    async press(signal) {
      const times = latencies();
      const client = await connectAsync(`mqtt://127.0.0.1:${it.mqttPort}`, { clientId: pressed.clientId });
      const browser = new WebSocket(`${it.httpUrl.replace('http', 'ws')}/alerts`);
      await once(browser, 'open');
      const waiting = new Map<number, () => void>();
      browser.on('message', (text) => {
        const { hub, seq } = JSON.parse(String(text)) as { hub: string; seq: number };
        if (hub === pressed.clientId) waiting.get(seq)?.();
      });
      for (let seq = 1; !signal.aborted; seq++) {
        const from = performance.now();
        const shown = new Promise<void>((resolve) => waiting.set(seq, resolve));
        const readings = [{ kind: 'sos', device: 'button', value: true }];
        presses++;
        await client.publishAsync(`sw/${pressed.clientId}/emergency`, JSON.stringify({ boot: 'b', seq, readings }), {
          qos: 1,
        });
        await shown;
        times.add(performance.now() - from);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      browser.close();
      await client.endAsync();
      return times;
    },
    async level(acked) {
      const heard = await it.heard();
      if (heard - heardBefore < acked + presses) return false;
      heardBefore = heard;
      presses = 0;
      return true;
    },
    end: it.end,
  };
}

async function shouwang(): Promise<Contender> {
  const system = await startFreshSystem();
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const [pressed, ...hubs] = await registerHubs(owner, HUBS + 1);
  if (!pressed) throw new Error('there is no hub');
  const presses = await openPresses(system, owner, pressed);
  const behind = openBehind(join(system.dataDir, 'shouwang.db'));
  return {
    mqttPort: system.mqttPort,
    hubs,
    press: presses.until,
    level: async () => (await behind.ms()) < LEVEL_WITHIN_MS,
    async end() {
      await behind.close();
      await presses.close();
      await system.end();
    },
  };
}

type Kept = { readonly rate: number; readonly deskP99: number };

/** One rate for so many seconds; null when it does not keep up. */
async function keepsUp(it: Contender, rate: number, seconds: number): Promise<Kept | null> {
  const ended = new AbortController();
  const pressing = it.press(ended.signal);
  const load = await runLoad({ host: '127.0.0.1', port: it.mqttPort, hubs: it.hubs, rate, seconds, window: 64 });
  const acked = await until('', () => it.level(load.acked), LEVEL_WITHIN_MS).catch(() => null);
  ended.abort();
  const desk = await pressing;
  await until('everything to be dealt with', () => acked ?? it.level(load.acked), 120_000);
  const kept = acked !== null && load.unacked === 0 && load.rate >= rate * 0.95;
  return kept ? { rate: load.rate, deskP99: desk.quantile(0.99) } : null;
}

/** The highest rate that it keeps up with, and how soon a pressed button is seen at it and at the everyday rate. */
async function climb(name: string, it: Contender, { seconds, say }: BenchRun) {
  const kept: Kept[] = [];
  for (const rate of RATES) {
    const one = await keepsUp(it, rate, seconds);
    say(
      `${name} at ${rate}/s: ${one ? `keeps up, button to browser p99 ${rounded(one.deskP99)} ms` : 'does not keep up'}`,
    );
    if (!one) break;
    kept.push(one);
  }
  await it.end();
  return { everyday: kept[0] ?? null, most: kept.at(-1) ?? null };
}

/** Beside what somebody would build instead, in one run. */
export const sideBySide: Bench = {
  name: 'side-by-side',
  measures: `Shouwang with every message on disk beside Mosquitto and a Node-RED flow in memory, ${HUBS} hubs`,
  bar: `keeps up with more, and at ${RATES[0].toLocaleString('en')}/s a button is on the desk within ${DESK_P99_MS} ms (p99), and on disk; how soon the flow's is, is stated`,
  seconds: 8,
  unavailable: mosquittoUnavailable,
  async run(run) {
    const flow = await climb('Mosquitto + Node-RED', await nodeRed(), run);
    const ours = await climb('Shouwang', await shouwang(), run);
    const figures = {
      'Node-RED keeps up with messages/s': flow.most?.rate ?? 0,
      'Node-RED button to browser p99 ms at 2,250/s': rounded(flow.everyday?.deskP99 ?? Number.NaN),
      'Node-RED button to browser p99 ms at its most': rounded(flow.most?.deskP99 ?? Number.NaN),
      'Shouwang keeps up with messages/s': ours.most?.rate ?? 0,
      'Shouwang button to desk p99 ms at 2,250/s': rounded(ours.everyday?.deskP99 ?? Number.NaN),
      'Shouwang button to desk p99 ms at its most': rounded(ours.most?.deskP99 ?? Number.NaN),
    };
    const oursMs = ours.everyday?.deskP99 ?? Number.NaN;
    return {
      figures,
      missed: brokenOf(
        [(ours.most?.rate ?? 0) > (flow.most?.rate ?? 0), 'the flow in memory keeps up with as much'],
        [oursMs <= DESK_P99_MS, `at ${RATES[0]}/s a button is on the screen after ${rounded(oursMs)} ms (p99)`],
      ),
    };
  },
};
