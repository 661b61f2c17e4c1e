import { describe, expect, test } from 'vitest';
import { type Category, categories } from '../../domain/category.ts';
import { SYSTEM_HOUSEHOLD } from '../../domain/household.ts';
import { aTelling, type TellingParts } from '../test-telling.ts';
import { NOTICES_AN_HOUR } from './rate.ts';
import { verdictOn } from './registry.ts';

const names = Object.keys(categories) as Category[];
const critical = names.filter((name) => categories[name].critical);
const ordinary = names.filter((name) => !categories[name].critical);

const verdict = (parts: TellingParts): string => {
  const given = verdictOn(aTelling(parts));
  return given.go ? 'goes' : given.reason;
};

test.each(names)('%s goes out when nothing stands in its way', (category) => {
  expect(verdict({ category })).toBe('goes');
});

describe('an emergency', () => {
  const silencing: TellingParts = {
    household: { mode: 'paused' },
    pauses: ['absence', 'maintenance'],
    hubLost: true,
    toldLastHour: 1_000,
  };
  test.each(critical)('%s is silenced by no absence, maintenance, lost hub or rate', (category) => {
    expect(verdict({ category, ...silencing })).toBe('goes');
  });

  test.each(critical)('%s of a home that is being installed reaches nobody', (category) => {
    expect(verdict({ category, household: { mode: 'commissioning' } })).toBe('commissioning');
  });
});

describe('an ordinary alert', () => {
  test.each(ordinary)('%s of a home that is being installed reaches nobody', (category) => {
    expect(verdict({ category, household: { mode: 'commissioning' } })).toBe('commissioning');
  });

  const held = (parts: TellingParts) =>
    ordinary.filter((category) => verdict({ category, ...parts }) !== 'goes').sort();
  test('absence holds back what an empty home looks like, and nothing else', () => {
    expect(held({ pauses: ['absence'] })).toEqual(['door_open', 'inactivity']);
  });

  test('maintenance holds back what work on the equipment causes, and nothing else', () => {
    expect(held({ pauses: ['maintenance'] })).toEqual([
      'battery_low',
      'device_lost',
      'hub_clock',
      'hub_lost',
      'tamper',
    ]);
  });

  test('in a home where nobody lives for now, vital signs and troubles of Shouwang itself still count', () => {
    expect(
      ordinary.filter((category) => verdict({ category, household: { mode: 'paused' } }) === 'goes').sort(),
    ).toEqual(['monitoring_degraded', 'system', 'vitals']);
  });

  test('a lost hub explains its lost devices, and nothing else', () => {
    expect(held({ hubLost: true })).toEqual(['device_lost']);
  });

  test('too many in an hour are held back, but not those under way, nor incidents of the system', () => {
    const many = { toldLastHour: NOTICES_AN_HOUR };
    expect(verdict({ category: 'vitals', ...many })).toBe('rate');
    expect(verdict({ category: 'vitals', toldLastHour: NOTICES_AN_HOUR - 1 })).toBe('goes');
    expect(verdict({ category: 'vitals', ...many, notice: { attempts: 1 } })).toBe('goes');
    expect(verdict({ category: 'system', ...many, household: { id: SYSTEM_HOUSEHOLD } })).toBe('goes');
  });
});

describe('an alert in hand', () => {
  const T = 1_000_000;
  const taken = { state: 'taken', takenAt: T, takenBy: 'anna' } as const;
  test('needs no help that was called for before it was taken', () => {
    expect(verdict({ category: 'sos', alert: taken, notice: { createdAt: T - 1 } })).toBe('alert_in_hand');
  });

  test('is told when that was ordered after it was taken: it happened again, or is overdue', () => {
    expect(verdict({ category: 'sos', alert: taken, notice: { createdAt: T + 1 } })).toBe('goes');
    expect(verdict({ category: 'sos', alert: taken, notice: { createdAt: T } })).toBe('goes');
    const attended = { ...taken, state: 'attended' } as const;
    expect(verdict({ category: 'sos', alert: attended, notice: { createdAt: T + 1 } })).toBe('goes');
  });

  test('is still told to the family, which is not asked to act', () => {
    expect(verdict({ category: 'sos', alert: taken, notice: { createdAt: T - 1, audience: 'family' } })).toBe('goes');
  });

  test('is told to nobody once it is closed', () => {
    const closed = { state: 'closed', takenAt: T, takenBy: 'anna' } as const;
    expect(verdict({ category: 'sos', alert: closed, notice: { createdAt: T + 1, audience: 'family' } })).toBe(
      'alert_closed',
    );
  });
});

test('a repeated attempt is dropped once a later notice says the same', () => {
  expect(verdict({ category: 'sos', toldLater: true })).toBe('duplicate');
});
