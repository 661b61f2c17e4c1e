import { describe, expect, it } from 'vitest';
import { countdown, roughly, whenShort } from './times.ts';

describe('time as people need it', () => {
  it.each([
    [-5_000, 0, 'seconds'],
    [40_000, 40, 'seconds'],
    [60_000, 1, 'minutes'],
    [3_599_000, 59, 'minutes'],
    [47 * 3_600_000, 47, 'hours'],
    [48 * 3_600_000, 2, 'days'],
  ] as const)('%i ms is %i %s', (ms, n, unit) => {
    expect(roughly(ms)).toEqual({ n, unit });
  });

  it.each([
    [0, '0:00'],
    [8_100, '0:09'],
    [760_000, '12:40'],
    [10_930_000, '3:02:10'],
    [-1_000, '0:00'],
  ])('%i ms left is %s', (ms, text) => {
    expect(countdown(ms)).toBe(text);
  });

  it('names the day only when it was another, by the clock of the home', () => {
    const now = Date.UTC(2026, 10, 22, 18, 10);
    expect(whenShort(now - 60_000, now, 'zh-CN', 'Asia/Shanghai')).toBe('02:09');
    expect(whenShort(now - 3 * 3_600_000, now, 'zh-CN', 'Asia/Shanghai')).toBe('11月22日 23:10');
    expect(whenShort(now - 3 * 3_600_000, now, 'en', 'Asia/Shanghai')).toBe('22 Nov 23:10');
  });
});
