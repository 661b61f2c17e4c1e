import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../test/memory.ts';
import { dialIn, pubackFrame, type RawHub, subscribeFrame, types } from './doors/raw-hub.ts';
import { type StandingDoor, standingDoor } from './doors/standing-door.ts';

let folder: ReturnType<typeof temporaryFolder>;
let doors: StandingDoor[];
beforeEach(() => {
  folder = temporaryFolder();
  doors = [];
});
afterEach(async () => {
  for (const door of doors) await door.stop();
  folder.remove();
});

async function stand(frontEnd: string): Promise<StandingDoor> {
  const [first] = doors;
  const door = await standingDoor({
    url: `${folder.path}/down.db`,
    frontEnd,
    ...(first && { known: first.hubs }),
  });
  doors.push(door);
  return door;
}

const TOPIC = 'sw/hub-a/down';
/** Asked from any process: only the row tells the front end. */
const say = async ({ store, hubId }: StandingDoor, payload: string, forMs = 60_000) => {
  const command = { hubId: hubId('hub-a'), topic: TOPIC, payload, askedBy: null };
  const asked = await store.sendToHub({ command, now: Date.now(), forMs });
  if (!asked || asked === 'too_many') throw new Error('refused');
  return asked.id;
};
const states = async ({ store, hubId }: StandingDoor): Promise<Record<string, string>> => {
  const found = await store.commandsOf({ hubId: hubId('hub-a'), limit: 200, now: Date.now() });
  return Object.fromEntries((found?.commands ?? []).map(({ payload, state }) => [payload, state]));
};
const listening = async ({ port, connect }: StandingDoor, qos = 1): Promise<RawHub> => {
  const hub = await dialIn(port, connect('hub-a'));
  hub.write(subscribeFrame(1, [TOPIC], qos));
  await hub.heard(types.suback);
  return hub;
};
const heardBy = (hub: RawHub): { id: number; payload: string }[] =>
  hub.frames
    .filter(({ type }) => type === types.publish)
    .map(({ body }) => {
      const at = 2 + body.readUInt16BE(0);
      return { id: body.readUInt16BE(at), payload: body.toString('utf8', at + 2) };
    });

test('a command reaches the hub wherever it is connected, and counts as sent when the hub has answered for it', async () => {
  const [a, b] = [await stand('a'), await stand('b')];
  const hub = await listening(b);
  await say(a, 'ring');
  await hub.heard(types.publish);
  expect(await states(a)).toEqual({ ring: 'waiting' });
  hub.write(pubackFrame(heardBy(hub)[0]!.id));
  await vi.waitUntil(async () => (await states(a)).ring === 'sent');
  // What was answered for is not said again, here or elsewhere.
  const again = await listening(a);
  await hub.closed;
  await say(a, 'blink');
  await again.heard(types.publish);
  expect(heardBy(again).map(({ payload }) => payload)).toEqual(['blink']);
  expect(heardBy(hub).map(({ payload }) => payload)).toEqual(['ring']);
});

test('a hub that was away hears it when it comes; one whose connection ended before its answer hears it again on the next', async () => {
  const door = await stand('a');
  const early = await listening(door);
  early.socket.destroy();
  await early.closed;
  await say(door, 'one');
  await say(door, 'two');
  const first = await listening(door);
  await first.heard(types.publish, 2);
  const [one] = heardBy(first);
  first.write(pubackFrame(one!.id));
  await vi.waitUntil(async () => (await states(door)).one === 'sent');
  first.socket.destroy();
  const second = await listening(door);
  await second.heard(types.publish);
  expect(heardBy(second).map(({ payload }) => payload)).toEqual(['two']);
});

test('what nobody came for in time is expired, and said to nobody', async () => {
  const door = await stand('a');
  const hub = await listening(door);
  hub.socket.destroy();
  await hub.closed;
  await say(door, 'late', 1);
  await vi.waitUntil(async () => (await states(door)).late === 'expired');
  const back = await listening(door);
  await say(door, 'fresh');
  await back.heard(types.publish);
  expect(heardBy(back).map(({ payload }) => payload)).toEqual(['fresh']);
  await door.store.expireCommands({ now: Date.now(), limit: 10 });
  expect(await states(door)).toMatchObject({ late: 'expired', fresh: 'waiting' });
});

test('a hub that asked for quality 0 is believed to have heard', async () => {
  const door = await stand('a');
  const hub = await listening(door, 0);
  await say(door, 'ring');
  await hub.heard(types.publish);
  await vi.waitUntil(async () => (await states(door)).ring === 'sent');
});

test('a hundred wait for a hub, and not one more', async () => {
  const door = await stand('a');
  for (let n = 0; n < 100; n++) await say(door, `${n}`);
  await expect(say(door, 'more')).rejects.toThrow('refused');
  const hub = await listening(door);
  await hub.heard(types.publish, 100);
  hub.write(...heardBy(hub).map(({ id }) => pubackFrame(id)));
  await vi.waitUntil(async () => Object.values(await states(door)).every((state) => state === 'sent'));
});
