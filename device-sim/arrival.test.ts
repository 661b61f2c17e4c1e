import { expect, it } from 'vitest';
import { hours } from '../domain/time.ts';
import { arrivalOf } from './arrival.ts';
import { homeOf } from './home.ts';

const now = Date.parse('2026-11-22T07:30:00Z');
const own = homeOf(1, { seed: 'test', prefix: 'demo' });
const zigbee = homeOf(3, { seed: 'test', prefix: 'demo' });

it('tells of yesterday and today, each reading with its own time, and of nothing to come', () => {
  const kept = arrivalOf(own, now).kept.flat();
  expect(kept.length).toBeGreaterThan(500);
  expect(kept.every(({ at }) => at !== undefined && at < now && at > now - hours(48))).toBe(true);
  expect(kept.some(({ kind }) => kind === 'systolic')).toBe(true);
});

it('says of each device how it stands, once a kind, and measures nobody anew', () => {
  for (const home of [own, zigbee]) {
    const said = arrivalOf(home, now).now;
    const keys = said.map(({ device, kind }) => `${device} ${kind}`);
    expect(new Set(keys).size).toBe(keys.length);
    const watched = home.devices.filter(({ class: use }) => use !== 'vital_monitor').map(({ key }) => key);
    expect(new Set(said.map(({ device }) => device))).toEqual(new Set(watched));
    expect(said.some(({ kind }) => kind === 'systolic')).toBe(false);
  }
});

it('has nothing kept by a hub that keeps nothing', () => {
  expect(arrivalOf(zigbee, now).kept).toEqual([]);
});
