import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { seconds } from '../domain/time.ts';
import { homeOf } from './home.ts';
import { type LedgerLine, memoryLedger, settle } from './ledger.ts';
import { ownSpeech } from './own-speech.ts';
import { SimHub } from './sim-hub.ts';
import { zigbeeSpeech } from './zigbee-speech.ts';

type Received = { topic: string; payload: Record<string, unknown>; retain: boolean };

let broker: Aedes;
let server: ReturnType<typeof createServer>;
let url: string;
let received: Received[];
let accepting: boolean;
let sockets: Socket[];

beforeEach(async () => {
  received = [];
  accepting = true;
  sockets = [];
  broker = await Aedes.createBroker({
    authenticate: (_client, _username, password, done) => done(null, password?.toString() === 'key'),
    authorizePublish: (_client, { topic, payload, retain }, done) => {
      if (!accepting) return;
      received.push({ topic, payload: JSON.parse(payload.toString()), retain });
      done(null);
    },
  });
  server = createServer((socket) => {
    sockets.push(socket);
    broker.handle(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await new Promise<void>((resolve) => broker.close(resolve));
  server.close();
});

const credential = { clientId: 'demo-001', username: 'demo-001', password: 'key' };
const press = [{ kind: 'sos', device: 'sos-bedroom', value: true }] as const;
const alive = [{ kind: 'heartbeat', device: '', value: true }] as const;

describe('a simulated hub', () => {
  it('keeps what happens without power and sends it later, oldest first, with both times', async () => {
    const lines: LedgerLine[] = [];
    const hub = new SimHub({ url, credential, speech: ownSpeech('demo-001'), ledger: memoryLedger(lines) });
    hub.says(alive, Date.now());
    await hub.settled();
    hub.cutPower();
    const happened = Date.now() - seconds(90);
    for (const age of [0, 1, 2]) hub.says(alive, happened + seconds(age));
    expect(received).toHaveLength(1);
    hub.restore();
    await hub.settled();
    expect(received.map(({ payload }) => payload.seq)).toEqual([1, 2, 3, 4]);
    const { ts, sent } = received[1]!.payload as { ts: string; sent: string };
    expect(Date.parse(ts)).toBe(happened);
    expect(Date.parse(sent) - happened).toBeGreaterThanOrEqual(seconds(90));
    expect(settle(lines).every((entry) => entry.acked !== null)).toBe(true);
    await hub.stop();
  });

  it('sends again what was never acknowledged, under the same number, and calls it unknown until then', async () => {
    const lines: LedgerLine[] = [];
    const hub = new SimHub({ url, credential, speech: ownSpeech('demo-001'), ledger: memoryLedger(lines) });
    hub.says(alive, Date.now());
    await hub.settled();
    accepting = false;
    hub.says(press, Date.now());
    await vi.waitFor(() => expect(lines).toHaveLength(3));
    hub.cutPower();
    await vi.waitFor(() => expect(lines.at(-1)?.is).toBe('unknown'));
    accepting = true;
    hub.restore();
    await hub.settled();
    expect(received.at(-1)).toMatchObject({ topic: 'sw/demo-001/emergency', payload: { seq: 2 } });
    expect(settle(lines).at(-1)).toMatchObject({ critical: 'sos', appAcked: false });
    await hub.stop();
  });

  it('hears that an emergency was understood', async () => {
    const lines: LedgerLine[] = [];
    broker.on('publish', (packet, client) => {
      if (!client || !packet.topic.endsWith('/emergency')) return;
      const { boot, seq } = JSON.parse(packet.payload.toString());
      const payload = JSON.stringify({ ack: { boot, seq } });
      broker.publish(
        { cmd: 'publish', topic: 'sw/demo-001/down', payload, qos: 1, retain: false, dup: false },
        () => {},
      );
    });
    const hub = new SimHub({ url, credential, speech: ownSpeech('demo-001'), ledger: memoryLedger(lines) });
    hub.says(press, Date.now());
    await vi.waitFor(() => expect(settle(lines)).toMatchObject([{ critical: 'sos', appAcked: true }]));
    await hub.stop();
  });

  it('comes back by itself when the server does', async () => {
    const hub = new SimHub({ url, credential, speech: ownSpeech('demo-001'), ledger: () => {} });
    hub.says(alive, Date.now());
    await hub.settled();
    for (const socket of sockets) socket.destroy();
    hub.says(alive, Date.now());
    await hub.settled();
    expect(received.map(({ payload }) => payload.seq)).toContain(2);
    await hub.stop();
  });

  it('introduces a Zigbee2MQTT home by its retained catalogue', async () => {
    const home = homeOf(3, { seed: 'test', prefix: 'demo' });
    const hub = new SimHub({ url, credential, speech: zigbeeSpeech(home), ledger: () => {} });
    hub.says(alive, Date.now());
    await hub.settled();
    const catalogue = received.find(({ topic }) => topic === 'zigbee2mqtt/bridge/devices');
    expect(catalogue).toMatchObject({ retain: true });
    expect(catalogue?.payload).toHaveLength(home.devices.length + 1);
    await hub.stop();
  });
});
