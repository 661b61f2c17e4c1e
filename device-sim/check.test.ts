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
const pressed = (n: number, more: Partial<LedgerEntry> = {}) => said(n, { critical: 'sos', ...more });

type Occurred = Found['occurrences'][number];
const sos = (n: number, alertId = 'first'): Occurred => ({ hub: 'h', category: 'sos', origin: `e${n}`, alertId });
const found = (numbers: readonly number[], occurrences: readonly Occurred[] = []): Found => ({
  journalled: new Map(numbers.map((n) => [`p${n}`, new Set([`e${n}`])])),
  occurrences,
});

describe('a ledger is kept', () => {
  it('when all that was acknowledged is in the journal, whatever became of the rest', () => {
    expect(judge([said(1), said(2, { acked: null })], found([1]))).toMatchObject({ said: 2, acked: 1, kept: true });
  });

  it('when each press of a button occurred once, in one alert or several', () => {
    const presses = [pressed(1), pressed(2)];
    expect(judge(presses, found([1, 2], [sos(1), sos(2)])).kept).toBe(true);
    expect(judge(presses, found([1, 2], [sos(1), sos(2, 'second')])).kept).toBe(true);
  });

  it('when a press without an answer was heard or not', () => {
    const presses = [pressed(1), pressed(2, { acked: null })];
    const both = [sos(1), sos(2)];
    expect([1, 2].map((n) => judge(presses, found([1], both.slice(0, n))).kept)).toEqual([true, true]);
  });

  it('when smoke that was said twice raised once', () => {
    const smoke = [said(1, { critical: 'smoke' }), said(2, { critical: 'smoke' })];
    expect(judge(smoke, found([1, 2], [{ ...sos(1), category: 'smoke' }])).kept).toBe(true);
  });

  it('when a press that names no event stands twice in the journal, and so occurred twice', () => {
    const journalled = new Map([['p1', new Set(['e1', 'e2'])]]);
    expect(judge([pressed(1)], { journalled, occurrences: [sos(1), sos(2)] }).kept).toBe(true);
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
    expect(judge([pressed(1)], found([1]))).toMatchObject({ unalerted: 1, kept: false });
    expect(judge([said(1, { critical: 'gas' })], found([1], [sos(1)]))).toMatchObject({ unalerted: 1, kept: false });
  });

  it('by a press that did not occur while another of the same hub did twice, though the sums agree', () => {
    const verdict = judge([pressed(1), pressed(2)], found([1, 2], [sos(1), sos(3)]));
    expect(verdict).toMatchObject({ unalerted: 1, doubled: 1, kept: false });
  });

  it('by a press that belongs to two alerts', () => {
    expect(judge([pressed(1)], found([1], [sos(1), sos(1, 'second')]))).toMatchObject({ doubled: 1, kept: false });
  });

  it('by an alert that nobody called for', () => {
    expect(judge([pressed(1)], found([1], [sos(1), sos(7)]))).toMatchObject({ doubled: 1, kept: false });
  });
});
