import { describe, expect, it } from 'vitest';
import { factsOf } from '../domain/reading.ts';
import { hours, minutes, within } from '../domain/time.ts';
import type { SimEvent } from './event.ts';
import { type Home, homeOf } from './home.ts';
import { dayOf, lifeFrom } from './life.ts';
import { dayAfter, midnightOf } from './local-day.ts';
import { rooms } from './room.ts';

const town = Array.from({ length: 12 }, (_, i) => homeOf(i + 1, { seed: 'test', prefix: 'demo' }));
const DAY = '2026-11-22';
const moves = (events: readonly SimEvent[]) =>
  events.filter(({ readings }) => readings.some((r) => r.kind === 'motion' && r.value === true));
const minuteOf = (home: Home, at: number) => (at - midnightOf(DAY, home.zone)) / minutes(1);

describe('a town', () => {
  it('is the same for the same seed and another for another', () => {
    expect(homeOf(7, { seed: 'a', prefix: 'x' })).toEqual(homeOf(7, { seed: 'a', prefix: 'x' }));
    expect(homeOf(7, { seed: 'a', prefix: 'x' }).residents).not.toEqual(
      homeOf(7, { seed: 'b', prefix: 'x' }).residents,
    );
  });

  it('speaks Zigbee2MQTT in a third of its homes', () => {
    expect(town.filter((home) => home.ecosystem === 'zigbee2mqtt')).toHaveLength(4);
  });

  it('puts every device into a room that exists, under a key of its own, and is plainly a demo', () => {
    for (const home of town) {
      expect(home.devices.every((device) => device.room in rooms && device.name.startsWith(rooms[device.room]))).toBe(
        true,
      );
      expect(new Set(home.devices.map((device) => device.key)).size).toBe(home.devices.length);
      expect(home.name).toMatch(/^演示家庭 \d{3}$/);
    }
  });
});

describe('a day', () => {
  it('is the same for the same home and day, and differs from the next', () => {
    for (const home of town) {
      expect(dayOf(home, DAY)).toEqual(dayOf(home, DAY));
      expect(dayOf(home, DAY)).not.toEqual(dayOf(home, dayAfter(DAY)));
    }
  });

  it('is in order, within the local day, and speaks only of devices of the home, in units that fit', () => {
    for (const home of town) {
      const keys = new Set(['', ...home.devices.map((device) => device.key)]);
      const from = midnightOf(DAY, home.zone);
      let last = from;
      for (const { at, readings } of dayOf(home, DAY)) {
        expect(at).toBeGreaterThanOrEqual(last);
        expect(at).toBeLessThan(from + hours(24));
        last = at;
        for (const r of readings) {
          expect(keys.has(r.device)).toBe(true);
          expect(typeof r.value).toBe(factsOf(r.kind).shape === 'measure' ? 'number' : 'boolean');
        }
      }
    }
  });

  it('is quiet by night and lively by day', () => {
    for (const home of town) {
      const seen = moves(dayOf(home, DAY)).map(({ at }) => minuteOf(home, at));
      const night = seen.filter((minute) => within(minute, 23 * 60, 5 * 60)).length;
      expect(seen.length).toBeGreaterThan(100);
      expect(night / 6).toBeLessThan((seen.length - night) / 18 / 2);
      expect(seen.some((minute) => within(minute, 6 * 60, 9 * 60))).toBe(true);
    }
  });

  it('never raises an emergency by itself and keeps vital signs inside the default limits', () => {
    for (const home of town)
      for (const { readings } of dayOf(home, DAY))
        for (const r of readings) {
          expect(factsOf(r.kind).critical).toBe(false);
          if (r.kind === 'systolic') expect(Number(r.value)).toSatisfy((v: number) => v > 100 && v < 160);
          if (r.kind === 'heart_rate') expect(Number(r.value)).toSatisfy((v: number) => v > 50 && v < 100);
          if (r.kind === 'spo2') expect(Number(r.value)).toSatisfy((v: number) => v >= 92 && v <= 100);
          if (r.kind === 'battery') expect(Number(r.value)).toBeGreaterThan(15);
        }
  });

  it('closes every door that it opens', () => {
    for (const home of town) {
      const doors = dayOf(home, DAY).flatMap(({ readings }) => readings.filter((r) => r.kind === 'open'));
      for (const key of new Set(doors.map((r) => r.device))) {
        const states = doors.filter((r) => r.device === key).map((r) => r.value);
        expect(states.filter(Boolean).length * 2).toBe(states.length);
      }
    }
  });

  it('is never still for longer than a watch would bear, day after day', () => {
    for (const home of town) {
      const seen = [0, 1, 2, 3].flatMap((n) => moves(dayOf(home, dayAfter(DAY, n)))).map(({ at }) => at);
      const gaps = seen.slice(1).map((at, i) => at - (seen[i] ?? at));
      expect(Math.max(...gaps)).toBeLessThan(hours(6));
    }
  });

  it('goes on into the next day', () => {
    const [home] = town;
    const from = midnightOf(DAY, 'Asia/Shanghai') + hours(23);
    const life = lifeFrom(home!, from);
    let event = life.next().value;
    for (let i = 0; i < 300; i++) event = life.next().value;
    expect(event.at).toBeGreaterThan(from + hours(1));
  });
});
