import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connectAsync } from 'mqtt';
import type { HubLine } from '../device-sim/hubs-csv.ts';
import { latencies } from '../device-sim/latency.ts';
import { type LoadResult, runLoad } from '../device-sim/load.ts';
import { logIn, type Person, registerHomes } from '../test/person.ts';
import { type System, startFreshSystem, until } from '../test/system.ts';
import { openDesk } from './desk.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    hubs: { type: 'string', default: '500' },
    'paced-hubs': { type: 'string', default: '2000' },
    rate: { type: 'string', default: '2250' },
  },
});
const seconds = Number(values.seconds);

/** As fast as a window of 8 allows, against a broker that keeps nothing. */
async function plainAedes(hubs: readonly HubLine[]): Promise<LoadResult> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./plain-aedes.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = await once(child.stdout, 'data');
  try {
    return await runLoad({ host: '127.0.0.1', port: Number(port), hubs, rate: 0, seconds });
  } finally {
    child.kill();
  }
}

async function register(owner: Person, count: number): Promise<HubLine[]> {
  const lines: HubLine[] = [];
  const { stationId, homes } = await registerHomes(owner, 1);
  lines.push(
    ...homes.map(({ clientId, username, key }) => ({ clientId, username, password: key, topic: `sw/${clientId}/up` })),
  );
  for (let from = 2; from <= count; from += 500) {
    const registrations = Array.from({ length: Math.min(500, count - from + 1) }, (_, i) => ({
      stationId,
      household: { name: `测试家庭 ${from + i}`, mode: 'live' },
      hub: { clientId: `hub-${from + i}`, ecosystem: 'shouwang', power: 'mains' },
    }));
    const { registered } = await owner.post<{ registered: { clientId: string; username: string; key: string }[] }>(
      '/registrations',
      {
        registrations,
      },
    );
    lines.push(
      ...registered.map(({ clientId, username, key }) => ({
        clientId,
        username,
        password: key,
        topic: `sw/${clientId}/up`,
      })),
    );
  }
  return lines;
}

/** How far the processor was behind, and how long it took to come level, ms. */
async function drained(owner: Person): Promise<{ behindMs: number; levelAfterMs: number }> {
  const from = performance.now();
  const { processorBehindMs } = await owner.get<{ processorBehindMs: number }>('/system');
  await until(
    'the processor to be level',
    async () => (await owner.get<{ processorBehindMs: number }>('/system')).processorBehindMs < 1_000,
    300_000,
  );
  return { behindMs: processorBehindMs, levelAfterMs: Math.round(performance.now() - from) };
}

/** Presses one button again and again beside the load: from the publish to the desk's frame, ms. */
async function pressToDesk(
  system: System,
  owner: Person,
  hub: HubLine,
  signal: AbortSignal,
): Promise<ReturnType<typeof latencies>> {
  const times = latencies();
  const client = await connectAsync(`mqtt://127.0.0.1:${system.mqttPort}`, {
    clientId: hub.clientId,
    username: hub.username,
    password: hub.password,
  });
  const press = (seq: number) =>
    client.publishAsync(
      hub.topic,
      JSON.stringify({
        boot: 'bench',
        seq,
        ts: new Date().toISOString(),
        readings: [{ kind: 'sos', device: 'button', value: true }],
      }),
      { qos: 1 },
    );
  await press(0);
  const { alerts } = await until('the first alert', async () => {
    const queue = await owner.get<{ alerts: { id: string; householdName: string }[] }>('/alerts?limit=500');
    return queue.alerts.length > 0 && queue;
  });
  const first = alerts.find(({ householdName }) => householdName === '测试家庭 1');
  if (!first) throw new Error('the pressed button raised no alert of its household');
  const desk = await openDesk(system.httpUrl, owner.cookie);
  for (let seq = 1; !signal.aborted; seq++) {
    const heard = desk.heard(first.id, 10_000);
    const from = performance.now();
    await press(seq);
    times.add((await heard) - from);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  desk.close();
  await client.endAsync();
  return times;
}

async function storm(hubs: readonly HubLine[]) {
  const system = await startFreshSystem();
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const lines = await register(owner, hubs.length);
  const load = await runLoad({
    host: '127.0.0.1',
    port: system.mqttPort,
    hubs: lines,
    rate: 0,
    seconds,
    criticalPerMille: 10,
  });
  const behind = await drained(owner);
  const acceptingMs = Math.round(system.acceptingMs);
  await system.end();
  return { acceptingMs, load, ...behind };
}

async function everyday(count: number, rate: number) {
  const system = await startFreshSystem();
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const [pressed, ...others] = await register(owner, count + 1);
  if (!pressed) throw new Error('no hub was registered');
  const ended = new AbortController();
  const pressing = pressToDesk(system, owner, pressed, ended.signal);
  const load = await runLoad({
    host: '127.0.0.1',
    port: system.mqttPort,
    hubs: others,
    rate,
    seconds,
    criticalPerMille: 10,
  });
  ended.abort();
  const times = await pressing;
  await system.end();
  const ms = (q: number) => Number(times.quantile(q).toFixed(1));
  return { load, sosToDesk: { p50_ms: ms(0.5), p99_ms: ms(0.99) } };
}

const strangers = Array.from({ length: Number(values.hubs) }, (_, i) => ({
  clientId: `hub-${i}`,
  username: `hub-${i}`,
  password: 'none',
  topic: `sw/hub-${i}/up`,
}));
const plain = await plainAedes(strangers);
const whole = await storm(strangers);
const paced = await everyday(Number(values['paced-hubs']), Number(values.rate));

process.stdout.write(
  `${JSON.stringify({
    at: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    seconds,
    plainAedesPerSecond: plain.rate,
    acknowledgedPerSecond: whole.load.rate,
    ratio: Number((whole.load.rate / plain.rate).toFixed(3)),
    storm: whole,
    everyday: paced,
  })}\n`,
);
