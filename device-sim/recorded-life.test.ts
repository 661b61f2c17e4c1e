import { describe, expect, it } from 'vitest';
import { factsOf } from '../domain/reading.ts';
import { days, hours, localTime } from '../domain/time.ts';
import { midnightOf } from './local-day.ts';
import {
  historyOf,
  inBatches,
  openRecorded,
  RECORDED_HOMES,
  recordedDevices,
  recordedLifeFrom,
} from './recorded-life.ts';

const now = Date.parse('2026-11-22T07:30:00Z');
const zone = 'Asia/Shanghai';

describe.each(RECORDED_HOMES)('recorded home %i', (number) => {
  const recorded = openRecorded(number);
  const history = historyOf(recorded, now);

  it('carries its source and licence, and 61 days of which nearly all have activity and most vital signs', () => {
    expect(recorded.licence).toContain('CC BY 4.0');
    expect(recorded.days).toHaveLength(61);
    expect(recorded.days.filter(({ activity }) => activity.length > 0).length).toBeGreaterThan(55);
    expect(recorded.days.filter(({ vitals }) => vitals.length > 0).length).toBeGreaterThan(45);
  });

  it('becomes sixty days and today as far as it has come, in order', () => {
    const midnight = midnightOf(localTime(now, zone).day, zone);
    expect(history.length).toBeGreaterThan(10_000);
    expect(history[0]?.at).toBeGreaterThanOrEqual(midnight - days(60));
    expect(history[0]?.at).toBeLessThan(midnight - days(50));
    expect(history.at(-1)?.at).toBeLessThan(now);
    expect(history.at(-1)?.at).toBeGreaterThan(midnight);
    expect(history.every(({ at }, i) => i === 0 || at >= (history[i - 1]?.at ?? 0))).toBe(true);
  });

  it('says only what its devices can, in our units, and no emergency', () => {
    const keys = new Set(recordedDevices.map(({ key }) => key));
    const values = new Map<string, number[]>();
    for (const { kind, device, value } of history.flatMap(({ readings }) => readings)) {
      expect(keys.has(device)).toBe(true);
      expect(factsOf(kind).critical).toBe(false);
      if (typeof value === 'number') values.set(kind, [...(values.get(kind) ?? []), value]);
    }
    const median = (kind: string) =>
      values.get(kind)?.sort((a, b) => a - b)[Math.floor((values.get(kind)?.length ?? 0) / 2)];
    expect(median('systolic')).toSatisfy((v: number) => v > 90 && v < 200);
    expect(median('heart_rate')).toSatisfy((v: number) => v > 40 && v < 120);
    expect(median('body_temperature')).toSatisfy((v: number) => v > 34 && v < 38.5);
  });

  it('goes on live from now, and into the next day', () => {
    const life = recordedLifeFrom(recorded, now);
    const first = life.next().value;
    expect(first.at).toBeGreaterThanOrEqual(now);
    expect(first.at).toBeLessThan(now + hours(12));
    let event = first;
    for (let i = 0; i < 3_000; i++) event = life.next().value;
    expect(event.at).toBeGreaterThan(now + days(1));
  });

  it('goes out in batches that hold every reading once, each with its own time', () => {
    const batches = inBatches(history, 5_000);
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(5_000);
    expect(batches.flat()).toHaveLength(history.reduce((sum, { readings }) => sum + readings.length, 0));
    expect(batches.flat().every(({ at }) => at !== undefined && at < now)).toBe(true);
  });
});
