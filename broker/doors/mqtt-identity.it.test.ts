import { connectAsync } from 'mqtt';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { LinkChange } from '../../domain/packet.ts';
import {
  connectFrame,
  dial,
  dialIn,
  disconnectFrame,
  pubackFrame,
  publishFrame,
  type RawHub,
  subscribeFrame,
  types,
} from './raw-hub.ts';
import { type StandingDoor, type StandingDoorOptions, standingDoor } from './standing-door.ts';

let standing: StandingDoor;
const stand = async (options?: StandingDoorOptions): Promise<StandingDoor> => (standing = await standingDoor(options));
afterEach(() => standing?.stop());

const links = async (): Promise<LinkChange[]> =>
  (await standing.journal()).filter((it): it is LinkChange => it.kind !== 'packet');
const linksOf = async (clientId: string): Promise<string[]> =>
  (await links()).filter(({ hubId }) => hubId === standing.hubId(clientId)).map(({ kind }) => kind);
/** CONNACK's return code, after which the connection is closed. */
async function refused(fields: Parameters<typeof connectFrame>[0], port = standing.port): Promise<number | undefined> {
  const hub = await dial(port);
  hub.write(connectFrame(fields));
  const [connack] = await hub.heard(types.connack);
  await hub.closed;
  return connack?.body[1];
}
const messages = (hub: RawHub): string[] =>
  hub.frames
    .filter(({ type }) => type === types.publish)
    .map(({ body }) => body.toString('utf8', 2, 2 + body.readUInt16BE(0)));

describe('who is let in', () => {
  test('is who shows the key of the hub that the client identifier names', async () => {
    const { connect } = await stand();
    expect(await refused(connect('hub-a', { password: 'guessed' }))).toBe(4);
    expect(await refused(connect('hub-a', { username: 'hub-b' }))).toBe(4);
    expect(await refused(connect('hub-a', { clientId: 'hub-b', username: 'hub-b' }))).toBe(4);
    expect(await refused({ clientId: 'hub-a' })).toBe(5);
    expect(await refused({ clientId: 'stranger', username: 'stranger', password: 'x' })).toBe(4);
    expect(await refused({ clientId: '__proto__', username: '__proto__', password: 'x' })).toBe(4);
    await dialIn(standing.port, connect('hub-a'));
    expect(await standing.metric('shouwang_mqtt_refused_total{reason="wrong_key"}')).toBe(2);
    await vi.waitUntil(async () => (await links()).length > 0);
    expect(await linksOf('hub-a')).toEqual(['up']);
  });

  test('has a name of its own: an empty client identifier is refused, whatever session it asks for', async () => {
    const { connect } = await stand();
    expect(await refused(connect('hub-a', { clientId: '', clean: false }))).toBe(2);
    expect(await refused(connect('hub-a', { clientId: '', clean: true }))).toBe(2);
  });

  test('speaks MQTT 3.1.1: a client of MQTT 5 is told that its version is not', async () => {
    const { connect } = await stand();
    expect(await refused(connect('hub-a', { version: 5 }))).toBe(1);
  });

  test('may use either of two keys while they are changed over', async () => {
    const { store, nudge, connect, hubId, port } = await stand();
    const added = await store.addHubKey({ hubId: hubId('hub-a'), now: Date.now() + 1 });
    nudge.send('registry');
    await vi.waitUntil(
      async () => {
        const hub = await dial(port);
        hub.write(connectFrame(connect('hub-a', { password: added!.key })));
        const [connack] = await hub.heard(types.connack);
        hub.socket.destroy();
        return connack?.body[1] === 0;
      },
      { timeout: 3_000, interval: 100 },
    );
    await dialIn(port, connect('hub-a'));
  });

  test('waits longer for each further refusal, while the right key from the same address is taken at once', async () => {
    const { connect, port } = await stand();
    const elapsed: number[] = [];
    for (let n = 0; n < 6; n++) {
      const from = performance.now();
      await refused(connect('hub-a', { password: 'guessed' }));
      elapsed.push(performance.now() - from);
    }
    expect(elapsed[5]).toBeGreaterThan(350);
    const from = performance.now();
    await dialIn(port, connect('hub-a'));
    expect(performance.now() - from).toBeLessThan(350);
  });

  test('over TLS is the same, and a certificate can be renewed under way', async () => {
    const certificate = async () => {
      const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
      return { key, cert };
    };
    const [first, second] = [await certificate(), await certificate()];
    const { door, connect } = await stand({ certificate: first });
    const over = { rejectUnauthorized: false };
    const hub = await dialIn(door.tlsPort ?? 0, connect('hub-a'), over);
    hub.write(publishFrame({ topic: 't', payload: 'x', qos: 1 }));
    await hub.heard(types.puback);
    const wrong = await dial(door.tlsPort ?? 0, over);
    wrong.write(connectFrame(connect('hub-b', { password: 'guessed' })));
    expect((await wrong.heard(types.connack))[0]?.body[1]).toBe(4);
    await wrong.closed;
    door.use(second);
    const trusting = { ca: second.cert, servername: 'localhost' };
    const other = await dialIn(door.tlsPort ?? 0, connect('hub-b'), trusting);
    expect(await standing.metric('shouwang_mqtt_connections')).toBe(2);
    hub.socket.destroy();
    other.socket.end();
    await vi.waitUntil(async () => (await standing.metric('shouwang_mqtt_connections')) === 0);
  });

  test('over TLS is given five seconds as well, and what is no TLS is closed', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
    const { door, connect } = await stand({ certificate: { key, cert }, limits: { authenticateMs: 300 } });
    const mute = await dial(door.tlsPort ?? 0);
    const plain = await dial(door.tlsPort ?? 0);
    plain.write(connectFrame(connect('hub-a')));
    await Promise.all([mute.closed, plain.closed]);
    await dial(door.tlsPort ?? 0);
    await door.stop();
    await vi.waitUntil(async () => (await standing.metric('shouwang_mqtt_connections')) === 0);
  });

  test('is shown out within a second when the key is revoked, and not let in again', async () => {
    const { store, connect, port, hubId } = await stand();
    const [revoked, other] = [await dialIn(port, connect('hub-a')), await dialIn(port, connect('hub-b'))];
    await store.revokeOldestKey({ hubId: hubId('hub-a') });
    const from = performance.now();
    await revoked.closed;
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(await refused(connect('hub-a'))).toBe(4);
    expect(other.socket.destroyed).toBe(false);
    expect(await standing.metric('shouwang_mqtt_ended_total{reason="revoked"}')).toBe(1);
  });
});

describe('presence', () => {
  test('is journalled: up before the first packet, down when the connection ends, with or without good-bye', async () => {
    const { connect, port } = await stand();
    const hub = await dialIn(port, connect('hub-a'));
    hub.write(publishFrame({ topic: 't', payload: 'x', qos: 1 }));
    await hub.heard(types.puback);
    hub.write(disconnectFrame);
    await vi.waitUntil(async () => (await linksOf('hub-a')).length === 2);
    expect((await standing.journal()).map(({ kind }) => kind)).toEqual(['up', 'packet', 'down']);
    const again = await dialIn(port, connect('hub-a'));
    again.socket.destroy();
    await vi.waitUntil(async () => (await linksOf('hub-a')).length === 4);
    const epochs = (await links()).map(({ epoch }) => epoch);
    expect(epochs[1]).toBe(epochs[0]);
    expect(epochs[2]).toBeGreaterThan(epochs[1]!);
    expect(epochs[3]).toBe(epochs[2]);
  });

  test('is not lost in a take-over: the old connection is closed and its end is told to nobody', async () => {
    const { connect, port } = await stand();
    const first = await dialIn(port, connect('hub-a'));
    const second = await dialIn(port, connect('hub-a'));
    await first.closed;
    const third = await dialIn(port, connect('hub-a'));
    await second.closed;
    third.write(publishFrame({ topic: 't', payload: 'x', qos: 1 }));
    await third.heard(types.puback);
    expect(await linksOf('hub-a')).toEqual(['up', 'up', 'up']);
    const epochs = (await links()).map(({ epoch }) => epoch);
    expect(new Set(epochs).size).toBe(3);
    third.socket.destroy();
    await vi.waitUntil(async () => (await linksOf('hub-a')).length === 4);
    expect((await links()).at(-1)).toMatchObject({ kind: 'down', epoch: epochs[2] });
  });

  test('comes not from wills, which go nowhere', async () => {
    const { connect, port } = await stand();
    const watcher = await dialIn(port, connect('hub-b'));
    watcher.write(subscribeFrame(1, ['#']));
    await watcher.heard(types.suback);
    const hub = await dialIn(port, connect('hub-a', { will: { topic: 'sw/hub-b/down', payload: 'offline' } }));
    hub.socket.destroy();
    await vi.waitUntil(async () => (await linksOf('hub-a')).includes('down'));
    watcher.write(publishFrame({ topic: 't', payload: 'x', qos: 1 }));
    await watcher.heard(types.puback);
    expect((await standing.packets()).map(({ topic }) => topic)).toEqual(['t']);
    expect(messages(watcher)).toEqual([]);
  });

  test('of hubs is not touched by our own stop', async () => {
    const { connect, port, door } = await stand();
    const hub = await dialIn(port, connect('hub-a'));
    await door.stop();
    await hub.closed;
    expect(await linksOf('hub-a')).toEqual(['up']);
  });

  test('ends for a hub that promised no sign of life and gives none', async () => {
    const { connect, port } = await stand({ limits: { longestKeepaliveSeconds: 0.2 } });
    const silent = await dialIn(port, connect('hub-a', { keepalive: 0 }));
    const patient = await dialIn(port, connect('hub-b', { keepalive: 65_535 }));
    await silent.closed;
    await patient.closed;
    expect(await standing.metric('shouwang_mqtt_ended_total{reason="silent"}')).toBe(2);
  });
});

describe('the down-link', () => {
  test('reaches one hub alone, whatever anybody subscribed to', async () => {
    const { connect, port, door, hubId } = await stand();
    const [a, b] = [await dialIn(port, connect('hub-a')), await dialIn(port, connect('hub-b'))];
    for (const hub of [a, b]) {
      hub.write(subscribeFrame(1, ['#', 'zigbee2mqtt/#', 'sw/hub-a/down', 'sw/hub-b/down', '+/+/+']));
      const [suback] = await hub.heard(types.suback);
      expect([...suback!.body.subarray(2)]).toEqual([1, 1, 1, 1, 1]);
    }
    a.write(publishFrame({ topic: 'zigbee2mqtt/door', payload: '{"contact":false}', qos: 1, retain: true }));
    await a.heard(types.puback);
    const sending = door.send(hubId('hub-a'), 'sw/hub-a/down', 'for a');
    await a.heard(types.publish);
    a.write(pubackFrame(1));
    expect(await sending).toBe('sent');
    b.write(publishFrame({ topic: 'zigbee2mqtt/door', payload: '{"contact":true}', qos: 1 }));
    await b.heard(types.puback);
    b.write(subscribeFrame(2, ['zigbee2mqtt/door']));
    await b.heard(types.suback, 2);
    expect(messages(a)).toEqual(['sw/hub-a/down']);
    expect(messages(b)).toEqual([]);
  });

  test('comes only where the hub asked for it, in the quality that it was granted', async () => {
    const { connect, port, door, hubId } = await stand();
    const hub = await dialIn(port, connect('hub-a'));
    expect(await door.send(hubId('hub-a'), 'sw/hub-a/down', 'x')).toBe('not_connected');
    hub.write(subscribeFrame(1, ['sw/+/down'], 0));
    await hub.heard(types.suback);
    expect(await door.send(hubId('hub-a'), 'sw/hub-a/other', 'x')).toBe('not_connected');
    expect(await door.send(hubId('hub-a'), 'sw/hub-a/down', 'x')).toBe('sent');
    const [message] = await hub.heard(types.publish);
    expect((message!.flags >> 1) & 3).toBe(0);
    expect(await door.send(hubId('hub-b'), 'sw/hub-b/down', 'x')).toBe('not_connected');
  });

  test('works for an ordinary client, with a session or without', async () => {
    const { connect, port, door, hubId } = await stand();
    for (const clean of [true, false]) {
      const { clientId, username, password } = connect('hub-a');
      const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
        clientId,
        clean,
        username: username!,
        password: password!,
      });
      await client.subscribeAsync('zigbee2mqtt/#', { qos: 1 });
      const heard = new Promise((resolve) =>
        client.once('message', (topic, payload) => resolve([topic, `${payload}`])),
      );
      expect(await door.send(hubId('hub-a'), 'zigbee2mqtt/bridge/request/restart', '{}')).toBe('sent');
      expect(await heard).toEqual(['zigbee2mqtt/bridge/request/restart', '{}']);
      await client.unsubscribeAsync('zigbee2mqtt/#');
      expect(await door.send(hubId('hub-a'), 'zigbee2mqtt/bridge/request/restart', '{}')).toBe('not_connected');
      await client.endAsync();
    }
  });

  test('has no topics of the server’s own: a subscription to them is refused, as is the hundred and first', async () => {
    const { connect, port } = await stand();
    const hub = await dialIn(port, connect('hub-a'));
    hub.write(subscribeFrame(1, ['$SYS/#', '$SYS', 'fine']));
    const [suback] = await hub.heard(types.suback);
    expect([...suback!.body.subarray(2)]).toEqual([0x80, 0x80, 1]);
    hub.write(
      subscribeFrame(
        2,
        Array.from({ length: 100 }, (_, n) => `t/${n}`),
      ),
    );
    const [, more] = await hub.heard(types.suback, 2);
    expect(more!.body.subarray(2).filter((code) => code === 0x80)).toHaveLength(1);
    hub.write(publishFrame({ topic: 't', payload: 'x', qos: 1 }));
    await hub.heard(types.puback);
  });
});
