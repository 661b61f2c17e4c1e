import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { movedClock } from '../runtime/clock.ts';
import type { AlarmState } from '../store/alarm-state.ts';
import { temporaryFolder } from '../test/memory.ts';
import { dialIn, publishFrame, types } from './doors/raw-hub.ts';
import { nothingMeant, type StandingDoor, type StandingDoorOptions, standingDoor } from './doors/standing-door.ts';

const NOW = 1_700_000_000_000;
let folder: ReturnType<typeof temporaryFolder>;
let url: string;
let doors: StandingDoor[];
beforeEach(() => {
  folder = temporaryFolder();
  url = `${folder.path}/two.db`;
  doors = [];
});
afterEach(async () => {
  for (const door of doors) await door.stop();
  folder.remove();
});

async function stand(frontEnd: string, options: StandingDoorOptions = {}): Promise<StandingDoor> {
  const [first] = doors;
  const door = await standingDoor({ url, frontEnd, ...(first && { known: first.hubs }), ...options });
  doors.push(door);
  return door;
}
const said = (payload: string) => publishFrame({ topic: 'sw/hub-a/up', payload, qos: 1 });
const links = async (door: StandingDoor) =>
  (await door.journal()).flatMap((it) => (it.kind === 'packet' ? [] : [`${it.kind} ${it.epoch}`]));

describe('a hub that connects to another front end', () => {
  test('is cut off at the first, which journals that end; a hub that comes back is not cut off there', async () => {
    const [a, b] = [await stand('a'), await stand('b')];
    const stays = await dialIn(a.port, a.connect('hub-b'));
    const atA = await dialIn(a.port, a.connect('hub-a'));
    atA.write(said('1'));
    await atA.heard(types.puback);
    const atB = await dialIn(b.port, a.connect('hub-a'));
    await atA.closed;
    expect(await a.metric('shouwang_mqtt_ended_total{reason="moved"}')).toBe(1);
    const again = await dialIn(a.port, a.connect('hub-a'));
    await atB.closed;
    again.write(said('2'));
    await again.heard(types.puback);
    expect(stays.socket.destroyed).toBe(false);
    await vi.waitUntil(async () => (await links(b)).length >= 2);
    expect((await links(a)).map((it) => it.split(' ')[0]).filter((it) => it === 'down')).toHaveLength(1);
  });

  test('has its connections in order though the clocks of the two differ by an hour', async () => {
    const ahead = await stand('a', { clock: movedClock(NOW + 3_600_000) });
    const behind = await stand('b', { clock: movedClock(NOW) });
    const first = await dialIn(ahead.port, ahead.connect('hub-a'));
    first.write(said('1'));
    await first.heard(types.puback);
    const second = await dialIn(behind.port, ahead.connect('hub-a'));
    await first.closed;
    second.socket.destroy();
    const epoch = NOW / 1_000 + 3_600;
    // The journal has first the connection's own epoch, then the one by which it stands behind the other front end's.
    await vi.waitUntil(async () => (await links(behind)).length === 3);
    expect(await links(behind)).toEqual([`up ${NOW / 1_000}`, `up ${epoch + 1}`, `down ${epoch + 1}`]);
  });

  test('is judged by what its alarms have said there: nothing it says is taken before that is known', async () => {
    const order: string[] = [];
    const smoke: AlarmState = { hubId: '', device: 'kitchen', kind: 'smoke', active: true, at: 5 };
    const a = await stand('a', {
      judge: (packet) => ({ ...nothingMeant, alarmStates: [{ ...smoke, hubId: packet.hubId }] }),
    });
    const b = await stand('b', {
      judge: (packet) => {
        order.push(`judged ${Buffer.from(packet.payload).toString()}`);
        return nothingMeant;
      },
      learn: (known) => order.push(...known.map(({ device, active }) => `learnt ${device} ${active}`)),
    });
    const atA = await dialIn(a.port, a.connect('hub-a'));
    atA.write(said('smoke'));
    await atA.heard(types.puback);
    b.commits.hold();
    const atB = await dialIn(b.port, a.connect('hub-a'));
    atB.write(said('1'), said('2'));
    await vi.waitUntil(() => b.commits.begun > 1);
    expect(order).toEqual([]);
    b.commits.release();
    await atB.heard(types.puback, 2);
    expect(order).toEqual(['learnt kitchen true', 'judged 1', 'judged 2']);
  });
});
