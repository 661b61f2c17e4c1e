import type { ReadingKind } from '../domain/reading.ts';
import { days, localTime, minutes, seconds } from '../domain/time.ts';
import { MOTION_HOLD_MS, onAndOff } from './activation.ts';
import { type Dice, dice } from './dice.ts';
import type { Doing, SimEvent, SimReading } from './event.ts';
import { deviceFor, type Home, type SimResident } from './home.ts';
import { dayAfter, midnightOf } from './local-day.ts';
import type { Room } from './room.ts';
import { type Stay, staysOf } from './stay.ts';

/** Mean minutes between movements that a sensor sees, by what one is doing. */
const stillness: Record<Doing, number> = {
  sleeps: 75,
  naps: 30,
  watches_tv: 7,
  eats: 4,
  potters: 4,
  cooks: 2,
  washes: 2,
  wakes: 2,
  goes_out: 5,
  comes_back: 5,
  measures: 5,
  device: 5,
};

type Seen = { readonly at: number; readonly doing: Doing };

/** What each motion sensor sees of somebody's stays: each arrival, the way through the hallway, movements while there. */
function movements(stays: readonly Stay[], midnight: number, day: Dice): Map<Room, Seen[]> {
  const seen = new Map<Room, Seen[]>();
  const note = (room: Room, at: number, doing: Doing) => {
    const list = seen.get(room) ?? [];
    list.push({ at, doing });
    seen.set(room, list);
  };
  for (const stay of stays) {
    const from = midnight + minutes(stay.from);
    if (stay.from > 0) note('hallway', from - seconds(day.between(3, 20)), stay.doing);
    if (stay.place === 'out') continue;
    const until = midnight + minutes(stay.to);
    let at = from + (stay.from > 0 ? seconds(day.between(1, 10)) : minutes(day.between(5, 60)));
    while (at < until - seconds(20)) {
      note(stay.place, at, stay.doing);
      at += minutes(stillness[stay.doing] * day.between(0.4, 1.6));
    }
  }
  return seen;
}

function motionEvents(home: Home, stays: readonly (readonly Stay[])[], midnight: number, day: Dice): SimEvent[] {
  const perResident = stays.map((own) => movements(own, midnight, day));
  const sensed = home.devices.filter((device) => device.kinds.includes('motion'));
  return sensed.flatMap((device) => {
    const seen = perResident.flatMap((rooms) => rooms.get(device.room) ?? []);
    const doingAt = new Map(seen.map(({ at, doing }) => [at, doing]));
    return onAndOff([...doingAt.keys()], MOTION_HOLD_MS).map(({ at, value }) => ({
      at,
      doing: doingAt.get(at) ?? 'device',
      readings: [{ kind: 'motion', device: device.key, value } as const],
    }));
  });
}

function opening(device: string, at: number, openMs: number, doing: Doing): SimEvent[] {
  return [
    { at, doing, readings: [{ kind: 'open', device, value: true }] },
    { at: at + openMs, doing, readings: [{ kind: 'open', device, value: false }] },
  ];
}

function doorEvents(home: Home, stays: readonly Stay[], midnight: number, day: Dice): SimEvent[] {
  const front = deviceFor(home, 'open', 'hallway');
  const fridge = deviceFor(home, 'open', 'kitchen');
  return stays.flatMap((stay) => {
    const from = midnight + minutes(stay.from);
    if (stay.place === 'out' && front) {
      const back = midnight + minutes(stay.to) - seconds(25);
      return [
        ...opening(front, from, seconds(day.between(8, 25)), 'goes_out'),
        ...opening(front, back, seconds(day.between(8, 20)), 'comes_back'),
      ];
    }
    if (stay.doing !== 'cooks' || !fridge) return [];
    return Array.from({ length: day.whole(1, 3) }, (_, i) =>
      opening(fridge, from + minutes(2 + i * 5 + day.between(0, 3)), seconds(day.between(8, 40)), 'cooks'),
    ).flat();
  });
}

/** One sitting with the cuff, the oximeter and the thermometer: values near this person's own, inside everybody's limits. */
function measurement(home: Home, resident: SimResident, day: Dice): SimReading[] {
  const { norms } = resident;
  const values: readonly [ReadingKind, number][] = [
    ['systolic', Math.round(day.around(norms.systolic, 3))],
    ['diastolic', Math.round(day.around(norms.diastolic, 2))],
    ['heart_rate', Math.round(day.around(norms.heart_rate, 3))],
    ['spo2', Math.round(day.around(norms.spo2, 0.4))],
    ['body_temperature', Math.round(day.around(norms.body_temperature, 0.1) * 10) / 10],
  ];
  return values.flatMap(([kind, value]) => {
    const device = deviceFor(home, kind);
    return device ? [{ kind, device, value }] : [];
  });
}

/** What happens without anybody: climate and signs of life every 10 min, the hub's own each minute, batteries once a day. */
function deviceEvents(home: Home, midnight: number, day: Dice): SimEvent[] {
  const climate = deviceFor(home, 'temperature');
  const offset = seconds(day.whole(0, 599));
  const warmth = day.between(19, 23);
  const events: SimEvent[] = [];
  for (let at = midnight + (offset % minutes(1)); at < midnight + days(1); at += minutes(1))
    events.push({ at, doing: 'device', readings: [{ kind: 'heartbeat', device: '', value: true }] });
  for (let at = midnight + offset; at < midnight + days(1); at += minutes(10)) {
    const swing = Math.sin(((at - midnight) / days(1) - 0.35) * 2 * Math.PI);
    const air: SimReading[] = climate
      ? [
          {
            kind: 'temperature',
            device: climate,
            value: Math.round((warmth + 2 * swing + day.around(0, 0.2)) * 10) / 10,
          },
          { kind: 'humidity', device: climate, value: Math.round(55 - 6 * swing + day.around(0, 1.5)) },
        ]
      : [];
    const alive = home.devices
      .filter((device) => device.class !== 'vital_monitor')
      .map((device): SimReading => ({ kind: 'heartbeat', device: device.key, value: true }));
    events.push({ at, doing: 'device', readings: [...alive, ...air] });
  }
  const daysLived = Math.floor(midnight / days(1));
  const batteries = home.devices
    .filter((device) => device.kinds.includes('battery'))
    .map((device): SimReading => {
      const cell = dice(home.seed, home.number, device.key);
      return {
        kind: 'battery',
        device: device.key,
        value: 100 - Math.floor(((daysLived + cell.whole(0, 599)) % 600) / 10),
      };
    });
  events.push({ at: midnight + minutes(day.between(180, 240)), doing: 'device', readings: batteries });
  return events;
}

/** Everything that the devices of a home say on a local day (`2026-11-22`), in order. Pure: the same home and day, the same events. */
export function dayOf(home: Home, localDay: string): readonly SimEvent[] {
  const midnight = midnightOf(localDay, home.zone);
  const day = dice(home.seed, home.number, localDay);
  const stays = home.residents.map((resident) => staysOf(resident.habits, day));
  const [first] = home.residents;
  const sittings = [first.habits.wakesAt + 40, 19 * 60 + 30].map((minute): SimEvent => {
    const at = midnight + minutes(minute + day.between(0, 20));
    return { at, doing: 'measures', readings: measurement(home, first, day) };
  });
  const all = [
    ...motionEvents(home, stays, midnight, day),
    ...stays.flatMap((own) => doorEvents(home, own, midnight, day)),
    ...sittings.filter((sitting) => sitting.readings.length > 0),
    ...deviceEvents(home, midnight, day),
  ];
  return all.filter(({ at }) => at >= midnight && at < midnight + days(1)).sort((a, b) => a.at - b.at);
}

/** A life without end: the events of a home from `from` on. */
export function* lifeFrom(home: Home, from: number): Generator<SimEvent> {
  for (let day = localTime(from, home.zone).day; ; day = dayAfter(day))
    for (const event of dayOf(home, day)) if (event.at >= from) yield event;
}
