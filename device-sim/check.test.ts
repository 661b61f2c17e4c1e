import { describe, expect, it } from 'vitest';
import { type Found, judge } from './check.ts';
import type { LedgerEntry } from './ledger.ts';

const said = (n: number, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  id: `h/b/${n}`,
  hub: 'h',
  critical: null,
  at: n,
  acked: [`p${n}`],
  appAcked: false,
  ...more,
});
const found = (numbers: readonly number[], alerts: Found['alerts'] = []): Found => ({
  journalled: new Set(numbers.map((n) => `p${n}`)),
  alerts,
});
const sos = (occurrences: number) => [{ hub: 'h', category: 'sos', occurrences }] as const;

describe('a ledger is kept', () => {
  it('when all that was acknowledged is in the journal, whatever became of the rest', () => {
    expect(judge([said(1), said(2, { acked: null })], found([1]))).toMatchObject({ said: 2, acked: 1, kept: true });
  });

  it('when each press of a button occurred once, in one alert or several', () => {
    const presses = [said(1, { critical: 'sos' }), said(2, { critical: 'sos' })];
    expect(judge(presses, found([1, 2], sos(2))).kept).toBe(true);
    expect(judge(presses, found([1, 2], [...sos(1), ...sos(1)])).kept).toBe(true);
  });

  it('when a press without an answer was heard or not', () => {
    const presses = [said(1, { critical: 'sos' }), said(2, { critical: 'sos', acked: null })];
    expect([1, 2].map((n) => judge(presses, found([1], sos(n))).kept)).toEqual([true, true]);
  });

  it('when smoke that was said twice raised once', () => {
    const smoke = [said(1, { critical: 'smoke' }), said(2, { critical: 'smoke' })];
    expect(judge(smoke, found([1, 2], [{ hub: 'h', category: 'smoke', occurrences: 1 }])).kept).toBe(true);
  });
});

describe('a ledger is broken', () => {
  it('by an acknowledged message that is nowhere', () => {
    expect(judge([said(1), said(2)], found([1]))).toMatchObject({ lost: 1, kept: false, examples: ['lost h/b/2'] });
  });

  it('by one of several Zigbee frames that is nowhere', () => {
    expect(judge([said(1, { acked: ['p1', 'p9'] })], found([1]))).toMatchObject({ lost: 1 });
  });

  it('by an acknowledged emergency without an alert', () => {
    expect(judge([said(1, { critical: 'sos' })], found([1]))).toMatchObject({ unalerted: 1, kept: false });
    expect(judge([said(1, { critical: 'gas' })], found([1], sos(1)))).toMatchObject({ unalerted: 1, kept: false });
  });

  it('by a press that occurred twice', () => {
    expect(judge([said(1, { critical: 'sos' })], found([1], sos(2)))).toMatchObject({ doubled: 1, kept: false });
  });
});
