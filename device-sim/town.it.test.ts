import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Aedes } from 'aedes';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { hours, minutes } from '../domain/time.ts';
import { type Home, homeOf } from './home.ts';
import { startReplay, withHeartbeats } from './replay.ts';
import { type Inhabited, startTown } from './town.ts';

type Received = { client: string; topic: string; payload: string };

let broker: Aedes;
let server: ReturnType<typeof createServer>;
let url: string;
let received: Received[];

beforeEach(async () => {
  received = [];
  broker = await Aedes.createBroker({
    authorizePublish: (client, { topic, payload }, done) => {
      received.push({ client: client?.id ?? '', topic, payload: payload.toString() });
      done(null);
    },
  });
  server = createServer(broker.handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await new Promise<void>((resolve) => broker.close(resolve));
  server.close();
});

const credentialOf = (clientId: string) => ({ clientId, username: clientId, password: 'key' });
const inhabited = (home: Home): Inhabited => ({ home, credential: credentialOf(home.clientId) });
const quiet = { ledger: () => {}, tell: () => {} };

it('lives in both languages at once, tells of its scenarios and ends when it is told to', async () => {
  const homes = [1, 2, 3].map((n) => inhabited(homeOf(n, { seed: 'test', prefix: 'demo' })));
  const told: string[] = [];
  const stop = startTown(homes, {
    ...quiet,
    mqtt: url,
    seed: 'test',
    speed: 2_000,
    troubleEveryMs: 100,
    tell: (words) => told.push(words),
  });
  await vi.waitFor(
    () => {
      for (const topic of [
        'sw/demo-001/up',
        'sw/demo-002/up',
        'zigbee2mqtt/厨房人体感应',
        'zigbee2mqtt/bridge/devices',
      ])
        expect(received.map((one) => one.topic)).toContain(topic);
      expect(told.some((words) => words.startsWith('演示家庭 00'))).toBe(true);
    },
    { timeout: 10_000 },
  );
  await stop();
  await vi.waitFor(() => expect(broker.connectedClients).toBe(0));
});

it('sends a recorded history first, in large late messages, and then lives on', async () => {
  const stop = startReplay([{ number: 1, credential: credentialOf('rec-1') }], { ...quiet, mqtt: url });
  await vi.waitFor(() => expect(received.some(({ payload }) => payload.includes('heartbeat'))).toBe(true), {
    timeout: 20_000,
  });
  await stop();
  const messages = received.map(
    ({ payload }) => JSON.parse(payload) as { sent: string; readings: { kind: string; at?: string }[] },
  );
  const batches = messages.filter(({ readings }) => readings.length > 1);
  expect(batches.length).toBeGreaterThan(3);
  for (const { sent, readings } of batches) {
    expect(readings.length).toBeLessThanOrEqual(5_000);
    expect(Math.abs(Date.parse(sent) - Date.now())).toBeLessThan(minutes(1));
    for (const { at } of readings) expect(Date.parse(sent) - Date.parse(at ?? '')).toBeGreaterThan(0);
  }
  const ages = batches.flatMap(({ sent, readings }) =>
    readings.map(({ at }) => Date.parse(sent) - Date.parse(at ?? '')),
  );
  expect(Math.max(...ages.slice(0, 1_000))).toBeGreaterThan(hours(24) * 59);
  expect(Math.max(...received.map(({ payload }) => payload.length))).toBeLessThan(1_000_000);
});

it('puts a sign of life of the hub into every minute of a recorded day', () => {
  const from = Date.now();
  const life = withHeartbeats([{ at: from + minutes(10), doing: 'device', readings: [] }], from);
  const times = [...life].filter(({ readings }) => readings.length > 0).map(({ at }) => (at - from) / minutes(1));
  expect(times).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});
