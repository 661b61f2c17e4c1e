import { afterEach, describe, expect, test, vi } from 'vitest';
import { serveDoor } from '../../bench/serve-door.ts';
import { openStoreToRead } from '../../store/open.ts';
import { temporaryFolder } from '../../test/memory.ts';
import type { Intake } from '../intake.ts';
import type { Accepted } from '../judgement.ts';
import {
  connectFrame,
  dial,
  dialIn,
  disconnectFrame,
  pingreqFrame,
  publishFrame,
  pubrelFrame,
  type RawHub,
  subscribeFrame,
  types,
} from './raw-hub.ts';
import { journalOf, nothingMeant, type StandingDoor, type StandingDoorOptions, standingDoor } from './standing-door.ts';

let standing: StandingDoor;
const stand = async (options?: StandingDoorOptions): Promise<StandingDoor> => (standing = await standingDoor(options));
afterEach(async () => {
  standing?.commits.release();
  await standing?.stop();
});

const say = (id: number, more: Partial<Parameters<typeof publishFrame>[0]> = {}): Buffer =>
  publishFrame({ topic: 'sw/hub-a/up', payload: `{"seq":${id}}`, qos: 1, id, ...more });
const payloads = async (): Promise<string[]> =>
  (await standing.packets()).map(({ payload }) => Buffer.from(payload).toString());
/** After the answer to a ping, whatever was answered before it has come too. */
const settled = async (hub: RawHub): Promise<void> => {
  const pings = hub.frames.filter(({ type }) => type === types.pingresp).length;
  hub.write(pingreqFrame);
  await hub.heard(types.pingresp, pings + 1);
};

describe('an acknowledgement', () => {
  test('is not given before the commit returns, and then at once', async () => {
    const { port, connect, commits } = await stand();
    const hub = await dialIn(port, connect('hub-a'));
    commits.hold();
    hub.write(say(1));
    await vi.waitUntil(() => commits.begun > 0);
    await settled(hub);
    expect(hub.idsOf(types.puback)).toEqual([]);
    commits.release();
    await hub.heard(types.puback);
    expect(await payloads()).toEqual(['{"seq":1}']);
  });

  test('of what came while one commit was under way waits for the next, and all of it shares that one', async () => {
    const { port, connect, commits } = await stand();
    const hub = await dialIn(port, connect('hub-a'));
    await hub.heard(types.connack);
    await vi.waitUntil(async () => (await standing.journal()).length === 1);
    commits.hold();
    const before = commits.begun;
    hub.write(say(1));
    await vi.waitUntil(() => commits.begun === before + 1);
    hub.write(...[2, 3, 4, 5, 6].map((id) => say(id)));
    await settled(hub);
    commits.release();
    await hub.heard(types.puback, 6);
    expect(commits.begun).toBe(before + 2);
    expect(hub.idsOf(types.puback)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('leaves in the order of the publishes, however their commits overtake each other', async () => {
    const answers: (() => void)[] = [];
    const later =
      (accept: Intake['accept']): Intake['accept'] =>
      (packet, hub) =>
        new Promise<Accepted>((resolve) => {
          void accept(packet, hub).then((accepted) => answers.push(() => resolve(accepted)));
        });
    const { port, connect } = await stand({ accept: later });
    const hub = await dialIn(port, connect('hub-a'));
    hub.write(...[1, 2, 3, 4].map((id) => say(id)));
    await vi.waitUntil(() => answers.length === 4);
    for (const n of [3, 1, 2]) {
      answers[n]?.();
      await settled(hub);
      expect(hub.idsOf(types.puback)).toEqual([]);
    }
    answers[0]?.();
    await hub.heard(types.puback, 4);
    expect(hub.idsOf(types.puback)).toEqual([1, 2, 3, 4]);
  });

  test('that the intake refuses to give closes the connection without one', async () => {
    const { port, connect } = await stand({ accept: () => () => Promise.reject(new Error('no')) });
    const hub = await dialIn(port, connect('hub-a'));
    hub.write(say(1));
    await hub.closed;
    expect(hub.idsOf(types.puback)).toEqual([]);
  });

  test('is not given by a hook that throws: it ends the one connection, and the others go on', async () => {
    const angry =
      (accept: Intake['accept']): Intake['accept'] =>
      (packet, hub) => {
        if (hub.clientId === 'hub-b') throw new Error('a mistake of ours');
        return accept(packet, hub);
      };
    const { port, connect } = await stand({ accept: angry });
    const [good, bad] = [await dialIn(port, connect('hub-a')), await dialIn(port, connect('hub-b'))];
    bad.write(say(1));
    await bad.closed;
    good.write(say(2));
    await good.heard(types.puback);
  });

  test('reuses a packet identifier as soon as it was answered', async () => {
    const { port, connect } = await stand();
    const hub = await dialIn(port, connect('hub-a'));
    for (let n = 1; n <= 3; n++) {
      hub.write(say(7, { payload: `${n}` }));
      await hub.heard(types.puback, n);
    }
    hub.write(say(7, { payload: '4' }), say(7, { payload: '5' }));
    await hub.heard(types.puback, 5);
    expect(await payloads()).toEqual(['1', '2', '3', '4', '5']);
  });
});

describe('what arrives', () => {
  test('is journalled as it came: topic as the hub wrote it, quality, retain flag, bytes', async () => {
    const { port, connect, hubId } = await stand();
    const hub = await dialIn(port, connect('hub-a'));
    const bytes = Buffer.from([0, 255, 128, 10]);
    hub.write(say(1, { topic: 'zigbee2mqtt/门/π', payload: bytes, retain: true }));
    await hub.heard(types.puback);
    const [packet] = await standing.packets();
    expect(packet).toMatchObject({ topic: 'zigbee2mqtt/门/π', qos: 1, retain: true, hubId: hubId('hub-a') });
    expect(Buffer.from(packet!.payload)).toEqual(bytes);
    expect(Math.abs(packet!.receivedAt - Date.now())).toBeLessThan(60_000);
  });

  test('with QoS 0 is journalled too, also when the hub says good-bye in the same breath', async () => {
    const { port, connect } = await stand();
    const hub = await dialIn(port, connect('hub-a'));
    const many = Array.from({ length: 100 }, (_, n) => say(0, { qos: 0, payload: `${n}` }));
    hub.write(...many, disconnectFrame);
    await hub.closed;
    await vi.waitUntil(async () => (await standing.packets()).length === 100);
    expect(await payloads()).toEqual(many.map((_, n) => `${n}`));
  });

  test('on a topic that is nobody’s is accepted and journalled, since a hub that is refused sends for ever', async () => {
    const { port, connect } = await stand();
    const hub = await dialIn(port, connect('hub-a'));
    hub.write(say(1, { topic: '$SYS/x' }), say(2, { topic: 'sw/hub-b/up' }), say(3, { topic: '/' }));
    await hub.heard(types.puback, 3);
    const packets = await standing.packets();
    expect(packets.map(({ topic, hubId }) => [topic, hubId])).toEqual(
      ['$SYS/x', 'sw/hub-b/up', '/'].map((topic) => [topic, standing.hubId('hub-a')]),
    );
  });

  test('of one life-critical packet is answered on the down-link, after the commit', async () => {
    const acknowledge = { topic: 'sw/hub-a/down', payload: '{"ack":1}' };
    const { port, connect, commits } = await stand({ judge: () => ({ ...nothingMeant, acknowledge }) });
    const hub = await dialIn(port, connect('hub-a'));
    hub.write(subscribeFrame(9, ['sw/hub-a/down']));
    await hub.heard(types.suback);
    commits.hold();
    const before = commits.begun;
    hub.write(say(1));
    await vi.waitUntil(() => commits.begun > before);
    await settled(hub);
    expect(hub.frames.some(({ type }) => type === types.publish)).toBe(false);
    commits.release();
    const [told] = await hub.heard(types.publish);
    expect(told?.body.toString()).toContain('sw/hub-a/down');
    expect(told?.body.toString()).toContain('{"ack":1}');
  });
});

describe('QoS 2', () => {
  const twice = (id: number, more: Partial<Parameters<typeof publishFrame>[0]> = {}) => say(id, { qos: 2, ...more });

  test('is journalled once, however often it is sent again before its release', async () => {
    const { port, connect, commits } = await stand();
    const hub = await dialIn(port, connect('hub-a'));
    commits.hold();
    hub.write(twice(5), twice(5, { dup: true }));
    await settled(hub);
    expect(hub.idsOf(types.pubrec)).toEqual([]);
    commits.release();
    await hub.heard(types.pubrec, 2);
    hub.write(twice(5, { dup: true }), pubrelFrame(5));
    await hub.heard(types.pubcomp);
    hub.write(pubrelFrame(5));
    await hub.heard(types.pubcomp, 2);
    expect(await payloads()).toEqual(['{"seq":5}']);
  });

  test('is known again on the next connection of the session, and waits there for the same commit', async () => {
    const { port, connect, commits } = await stand();
    const hub = await dialIn(port, connect('hub-a', { clean: false }));
    commits.hold();
    const before = commits.begun;
    hub.write(twice(5));
    await vi.waitUntil(() => commits.begun > before);
    hub.socket.destroy();
    const again = await dialIn(port, connect('hub-a', { clean: false }));
    again.write(twice(5, { dup: true }));
    await settled(again);
    expect(again.idsOf(types.pubrec)).toEqual([]);
    commits.release();
    await again.heard(types.pubrec);
    expect(await payloads()).toEqual(['{"seq":5}']);
  });

  test('loses nothing of a hub that forgot its session and starts again from the same identifier', async () => {
    const { port, connect } = await stand();
    const hub = await dialIn(port, connect('hub-a', { clean: false }));
    hub.write(twice(1, { payload: 'before' }));
    await hub.heard(types.pubrec);
    hub.socket.destroy();
    const again = await dialIn(port, connect('hub-a', { clean: false }));
    again.write(twice(1, { payload: 'after' }));
    await again.heard(types.pubrec);
    expect(await payloads()).toEqual(['before', 'after']);
  });

  test('may be used for a new message after its release', async () => {
    const { port, connect } = await stand();
    const hub = await dialIn(port, connect('hub-a'));
    for (let n = 1; n <= 3; n++) {
      hub.write(twice(1, { payload: 'same' }));
      await hub.heard(types.pubrec, n);
      hub.write(pubrelFrame(1));
      await hub.heard(types.pubcomp, n);
    }
    expect(await payloads()).toEqual(['same', 'same', 'same']);
  });
});

describe('kill -9', () => {
  test('in the middle of things loses nothing that was acknowledged', async () => {
    const folder = temporaryFolder();
    const acknowledged = new Set<string>();
    for (let round = 0; round < 4; round++) {
      const server = await serveDoor(8, { folder: folder.path });
      const hubs = await Promise.all(
        Array.from({ length: 8 }, async (_, n) => {
          const clientId = `bench-${n + 1}`;
          const hub = await dial(server.port);

          hub.write(connectFrame({ clientId, username: clientId, password: 'key' }));
          await hub.heard(types.connack);
          return { hub, name: `${round} ${clientId}` };
        }),
      );
      const answered = (): number => hubs.reduce((sum, { hub }) => sum + hub.idsOf(types.puback).length, 0);
      for (const { hub, name } of hubs) {
        let next = 1;
        const more = () => {
          const done = hub.idsOf(types.puback).length;
          while (next <= done + 20) hub.write(say(next, { payload: JSON.stringify(`${name} ${next++}`) }));
        };
        hub.socket.on('data', more);
        more();
      }
      await vi.waitUntil(() => answered() > 400 + round * 37, { timeout: 20_000, interval: 1 });
      await server.end('SIGKILL');
      await Promise.all(hubs.map(({ hub }) => hub.closed));
      for (const { hub, name } of hubs) for (const id of hub.idsOf(types.puback)) acknowledged.add(`${name} ${id}`);
    }
    const { store, close } = openStoreToRead(`${folder.path}/bench.db`);
    const kept = new Set(
      (await journalOf(store, 'bench')).flatMap((it) =>
        it.kind === 'packet' ? [JSON.parse(Buffer.from(it.payload).toString())] : [],
      ),
    );
    await close();
    folder.remove();
    expect([...acknowledged].filter((it) => !kept.has(it))).toEqual([]);
    expect(acknowledged.size).toBeGreaterThan(1_600);
  });
});
