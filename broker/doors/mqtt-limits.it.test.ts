import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { serveDoor } from '../../bench/serve-door.ts';
import { systemClock } from '../../runtime/clock.ts';
import { ConfigError } from '../../runtime/config.ts';
import { silentLog } from '../../runtime/log.ts';
import { openMetrics } from '../../runtime/metrics.ts';
import { startMqttDoor } from './mqtt.ts';
import {
  connectFrame,
  dial,
  dialIn,
  frame,
  lengthOf,
  pingreqFrame,
  publishFrame,
  pubrelFrame,
  subscribeFrame,
  types,
} from './raw-hub.ts';
import { type StandingDoor, type StandingDoorOptions, standingDoor } from './standing-door.ts';

let standing: StandingDoor;
const stand = async (options?: StandingDoorOptions): Promise<StandingDoor> => (standing = await standingDoor(options));
afterEach(async () => {
  standing?.commits.release();
  await standing?.stop();
});

const say = (id: number, payload: string | Buffer = `${id}`): Buffer =>
  publishFrame({ topic: 'sw/hub-a/up', payload, qos: 1, id });
const ended = (reason: string): Promise<number> => standing.metric(`shouwang_mqtt_ended_total{reason="${reason}"}`);

describe('before anybody is known', () => {
  test('a frame that declares more than 64 kB is not waited for, and takes no memory', async () => {
    const server = await serveDoor(1);
    const peakKb = (): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]);
    const onLinux = existsSync(`/proc/${server.pid}/status`);
    const before = onLinux ? peakKb() : 0;
    const sockets = await Promise.all([1, 2, 3, 4].map(() => dial(server.port)));
    const chunk = Buffer.alloc(1_000_000);
    for (const { socket } of sockets) {
      socket.write(Buffer.concat([Buffer.from([0x10]), lengthOf(268_435_455)]));
      for (let n = 0; n < 250; n++) socket.write(chunk);
    }
    await Promise.all(sockets.map(({ closed }) => closed));
    if (onLinux) expect(peakKb() - before).toBeLessThan(40_000);
    await server.end('SIGTERM');
  });

  test('a frame that declares more than 64 kB is counted', async () => {
    const { port } = await stand();
    const hub = await dial(port);
    hub.socket.write(Buffer.concat([Buffer.from([0x10]), lengthOf(65_537)]));
    await hub.closed;
    expect(await ended('oversize')).toBe(1);
  });

  test('five seconds are given, also to one who says CONNECT letter by letter', async () => {
    const { port, connect } = await stand({ limits: { authenticateMs: 300 } });
    const mute = await dial(port);
    const slow = await dial(port);
    const letters = connectFrame(connect('hub-a'));
    let said = 0;
    const typing = setInterval(() => slow.socket.writable && slow.write(letters.subarray(said, ++said)), 20);
    await Promise.all([mute.closed, slow.closed]);
    clearInterval(typing);
    expect(said).toBeLessThan(letters.length);
    expect(await ended('late')).toBe(2);
  });

  test('only CONNECT may be said, and once', async () => {
    const { port, connect } = await stand();
    const rude = await dial(port);
    rude.write(say(1));
    await rude.closed;
    const twice = await dialIn(port, connect('hub-a'));
    twice.write(connectFrame(connect('hub-a')));
    await twice.closed;
    expect(await standing.packets()).toEqual([]);
  });

  test('what follows CONNECT in the same breath waits for the answer and is not lost, however much it is', async () => {
    const { port, connect } = await stand();
    const hub = await dial(port);
    hub.write(connectFrame(connect('hub-a')), ...Array.from({ length: 500 }, (_, n) => say(n + 1)));
    await hub.heard(types.puback, 500);
    expect(await standing.packets()).toHaveLength(500);
  });
});

describe('of a hub that is known', () => {
  test('a frame may have 1 MB, and a larger one ends the connection as soon as it is declared', async () => {
    const { port, connect } = await stand();
    const hub = await dialIn(port, connect('hub-a'));
    hub.write(say(1, Buffer.alloc(1_000_000, 'x')));
    await hub.heard(types.puback);
    hub.socket.write(Buffer.concat([Buffer.from([0x32]), lengthOf(1_048_577)]));
    await hub.closed;
    expect(await ended('oversize')).toBe(1);
  });

  test('a length that is none ends the connection', async () => {
    const { port, connect } = await stand();
    const hub = await dialIn(port, connect('hub-a'));
    hub.socket.write(Buffer.from([0x32, 0xff, 0xff, 0xff, 0xff, 0x01]));
    await hub.closed;
  });

  test('32 publishes are taken while their commit is under way; the next wait in its socket, and pings are answered', async () => {
    let taken = 0;
    const { port, connect, commits } = await stand({
      accept: (accept) => (packet, hub) => {
        taken++;
        return accept(packet, hub);
      },
    });
    const hub = await dialIn(port, connect('hub-a'));
    await vi.waitUntil(async () => (await standing.journal()).length === 1);
    commits.hold();
    hub.write(...Array.from({ length: 10 }, (_, n) => say(n + 1)), pingreqFrame);
    await hub.heard(types.pingresp);
    await vi.waitUntil(() => taken === 10);
    hub.write(...Array.from({ length: 990 }, (_, n) => say(n + 11)));
    await vi.waitUntil(() => taken === 32);
    const other = await dialIn(port, connect('hub-b'));
    other.write(pingreqFrame);
    await other.heard(types.pingresp);
    expect(taken).toBe(32);
    expect(hub.idsOf(types.puback)).toEqual([]);
    expect(await standing.metric('shouwang_mqtt_in_flight')).toBe(32);
    commits.release();
    await hub.heard(types.puback, 1_000);
    expect(hub.idsOf(types.puback)).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 1));
    expect(await standing.metric('shouwang_mqtt_in_flight')).toBe(0);
  });

  test('too many messages are slowed down, each journalled, none dropped, and other hubs are not', async () => {
    const { port, connect } = await stand({ limits: { perSecond: 100, burst: 50 } });
    const [fast, calm] = [await dialIn(port, connect('hub-a')), await dialIn(port, connect('hub-b'))];
    const from = performance.now();
    fast.write(...Array.from({ length: 120 }, (_, n) => say(n + 1)));
    await fast.heard(types.puback, 50);
    calm.write(say(1));
    await calm.heard(types.puback);
    expect(performance.now() - from).toBeLessThan(600);
    await fast.heard(types.puback, 120);
    expect(performance.now() - from).toBeGreaterThan(650);
    expect(fast.idsOf(types.puback)).toEqual(Array.from({ length: 120 }, (_, n) => n + 1));
    expect(await standing.metric('shouwang_mqtt_slowed_total')).toBeGreaterThan(0);
    expect(await standing.packets()).toHaveLength(121);
  });

  test('a rate is the hub’s, not the connection’s', async () => {
    const { port, connect } = await stand({ limits: { perSecond: 20, burst: 10 } });
    const first = await dialIn(port, connect('hub-a'));
    first.write(...Array.from({ length: 10 }, (_, n) => say(n + 1)));
    await first.heard(types.puback, 10);
    const from = performance.now();
    const second = await dialIn(port, connect('hub-a'));
    second.write(...Array.from({ length: 5 }, (_, n) => say(n + 1)));
    await second.heard(types.puback, 5);
    expect(performance.now() - from).toBeGreaterThan(150);
  });

  test('half-open QoS 2 by the ten thousand neither fills the memory nor stops it', async () => {
    const { port, connect } = await stand({ limits: { perSecond: 1_000_000, burst: 1_000_000 } });
    const hub = await dialIn(port, connect('hub-a'));
    const ids = Array.from({ length: 10_000 }, (_, n) => n + 1);
    hub.write(...ids.map((id) => publishFrame({ topic: 't', payload: `${id}`, qos: 2, id })));
    await hub.heard(types.pubrec, 10_000);
    hub.write(pubrelFrame(10_000), pubrelFrame(1));
    await hub.heard(types.pubcomp, 2);
    expect(await standing.packets()).toHaveLength(10_000);
  });

  test('one who does not read what is sent to it is closed, and nobody else is disturbed', async () => {
    const { port, connect, door, hubId } = await stand();
    const [frozen, other] = [await dialIn(port, connect('hub-a')), await dialIn(port, connect('hub-b'))];
    frozen.write(subscribeFrame(1, ['#']));
    await frozen.heard(types.suback);
    frozen.socket.pause();
    const slowest = { ms: 0 };
    let outcome: string = 'sent';
    for (let n = 0; n < 2_000 && outcome === 'sent'; n++) {
      // A frozen hub's messages wait: whoever sends to it must not.
      outcome = await Promise.race([
        door.send(hubId('hub-a'), 'sw/hub-a/down', Buffer.alloc(50_000)),
        new Promise<string>((resolve) => setTimeout(resolve, 5, 'sent')),
      ]);
      const from = performance.now();
      other.write(say(n + 1));
      await other.heard(types.puback, n + 1);
      slowest.ms = Math.max(slowest.ms, performance.now() - from);
    }
    expect(outcome).toBe('not_connected');
    expect(await ended('frozen')).toBe(1);
    expect(slowest.ms).toBeLessThan(1_000);
    frozen.socket.resume();
    await frozen.closed;
  });
});

describe('of all together', () => {
  test('connections are bounded: one too many is told that the server is full, and gets in when there is room', async () => {
    const { port, connect } = await stand({ maxConnections: 1 });
    const first = await dialIn(port, connect('hub-a'));
    const second = await dial(port);
    second.write(connectFrame(connect('hub-b')));
    expect((await second.heard(types.connack))[0]?.body[1]).toBe(3);
    await second.closed;
    expect(await standing.metric('shouwang_mqtt_refused_total{reason="server_full"}')).toBe(1);
    first.socket.destroy();
    await vi.waitUntil(async () => (await standing.metric('shouwang_mqtt_connections')) === 0);
    await dialIn(port, connect('hub-b'));
  });

  test('far above the bound sockets are closed without a word', async () => {
    const { port, connect } = await stand({ maxConnections: 1, limits: { politeRefusals: 0 } });
    await dialIn(port, connect('hub-a'));
    const second = await dial(port);
    await second.closed;
    expect(second.frames).toEqual([]);
  });

  test('what waits for the disk is bounded: hubs are not read while it is full, and read on after', async () => {
    let full = false;
    let taken = 0;
    const { port, connect, commits } = await stand({
      full: () => full,
      accept: (accept) => (packet, hub) => {
        taken++;
        return accept(packet, hub);
      },
    });
    const [a, b] = [await dialIn(port, connect('hub-a')), await dialIn(port, connect('hub-b'))];
    commits.hold();
    a.write(say(1));
    await vi.waitUntil(() => taken === 1);
    full = true;
    b.write(say(1), say(2));
    await vi.waitUntil(async () => (await standing.metric('shouwang_mqtt_paused_total')) > 0);
    expect(taken).toBe(1);
    full = false;
    commits.release();
    await b.heard(types.puback, 2);
    expect(a.idsOf(types.puback)).toEqual([1]);
  });

  test('what waits for its connection to be on disk is bounded too, and all of it is answered after', async () => {
    const { port, connect, commits } = await stand({ limits: { unclaimedBytes: 500_000 } });
    commits.hold();
    const hubs = [await dialIn(port, connect('hub-a')), await dialIn(port, connect('hub-b'))];
    const ids = Array.from({ length: 30 }, (_, n) => n + 1);
    for (const hub of hubs) hub.write(...ids.map((id) => say(id, Buffer.alloc(100_000))));
    await vi.waitUntil(async () => (await standing.metric('shouwang_mqtt_paused_total')) >= 2);
    expect(await standing.metric('shouwang_mqtt_in_flight')).toBeLessThan(10);
    commits.release();
    for (const hub of hubs) {
      await hub.heard(types.puback, 30);
      expect(hub.idsOf(types.puback)).toEqual(ids);
    }
  });

  test('an orderly stop answers what is under way first', async () => {
    const { port, connect, commits, door } = await stand();
    const hub = await dialIn(port, connect('hub-a'));
    commits.hold();
    const before = commits.begun;
    hub.write(...[1, 2, 3].map((id) => say(id)));
    await vi.waitUntil(() => commits.begun > before);
    const stopped = door.stop();
    commits.release();
    await stopped;
    await hub.closed;
    expect(hub.idsOf(types.puback)).toEqual([1, 2, 3]);
  });

  test('a port that is taken is named with its setting', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await vi.waitUntil(() => other.listening);
    const address = other.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const starting = startMqttDoor({
      intake: {
        accept: () => Promise.reject(new Error()),
        claim: async (epoch) => epoch,
        link: () => {},
        full: () => false,
      },
      admittance: { admit: () => ({ kind: 'refused', reason: 'unknown_hub', afterMs: 0 }), onChange: () => {} },
      plain: { host: '127.0.0.1', port },
      tls: null,
      maxConnections: 1,
      clock: systemClock(),
      metrics: openMetrics(),
      log: silentLog,
    });
    await expect(starting).rejects.toThrow(ConfigError);
    await expect(starting).rejects.toThrow(/SHOUWANG_MQTT_PORT.*another program/);
    other.close();
  });
});

describe('garbage', () => {
  /** mulberry32: the same seed, the same garbage. */
  function dice(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
    };
  }

  const PACKETS = 10_000;
  /** Few, since most end their connection. */
  const A_CONNECTION = 5;

  test(`of ${PACKETS} mutated packets ends connections and nothing else`, async () => {
    const names = Array.from({ length: 10 }, (_, k) => `hub-${k}`);
    const { port, connect } = await stand({
      hubs: names,
      limits: { perSecond: 1_000_000, burst: 1_000_000 },
      attempts: { failed: () => 0 },
    });
    const random = dice(20_261_123);
    const below = (n: number) => Math.floor(random() * n);
    const valid = (): Buffer[] => [
      say(below(65_536)),
      publishFrame({ topic: 'a/b', payload: 'x', qos: 2, id: below(65_536), dup: true }),
      publishFrame({ topic: '', payload: '', qos: 0 }),
      publishFrame({ topic: 'a/+/#', payload: 'x', qos: 1 }),
      publishFrame({ topic: '/'.repeat(below(300)), payload: 'x', qos: 1 }),
      publishFrame({ topic: '\u0000\ud800', payload: 'x', qos: 1 }),
      subscribeFrame(below(65_536), ['#', 'a/#/b', '', '__proto__', '$SYS/#', '$share/g/t', '+a+']),
      frame(10, 2, Buffer.from([0, 1, 0, 1, 35])),
      pubrelFrame(below(65_536)),
      frame(4, 0, Buffer.from([0, below(256)])),
      frame(5, 0, Buffer.from([0, below(256)])),
      frame(7, 0, Buffer.from([0])),
      frame(below(16), below(16), Buffer.from(Array.from({ length: below(40) }, () => below(256)))),
      connectFrame(connect('hub-0', { version: below(8) })),
      pingreqFrame,
    ];
    const mutated = (bytes: Buffer): Buffer => {
      const out = Buffer.from(bytes);
      for (let n = below(4); n > 0; n--) out[below(out.length)] = below(256);
      return below(4) === 0 ? out.subarray(0, below(out.length + 1)) : out;
    };
    const pick = (): Buffer => {
      const frames = valid();
      return mutated(frames[below(frames.length)]!);
    };

    for (let n = 0; n < PACKETS / A_CONNECTION; n += 10) {
      const hubs = await Promise.all(
        names.map(async (name, k) => {
          const hub = await dial(port);
          const greeting = connectFrame(connect(name));
          hub.write(k < 8 ? greeting : mutated(greeting), ...Array.from({ length: A_CONNECTION }, pick));
          hub.socket.end();
          return hub;
        }),
      );
      await Promise.all(hubs.map(({ closed }) => closed));
    }
    const hub = await dialIn(port, connect('hub-0'));
    hub.write(say(1));
    await hub.heard(types.puback);
    hub.socket.destroy();
    await vi.waitUntil(async () => (await standing.metric('shouwang_mqtt_connections')) === 0);
    expect(await standing.metric('shouwang_mqtt_in_flight')).toBe(0);
    expect((await standing.packets()).length).toBeGreaterThan(100);
  });
});
