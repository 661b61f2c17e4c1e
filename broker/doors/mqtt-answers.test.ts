import { expect, test, vi } from 'vitest';
import { movedClock } from '../../runtime/clock.ts';
import { AnswersInOrder, Pace } from './mqtt-answers.ts';

const atOnce = { waitMs: () => 0 };

test('answers leave in the order of their places, however they become ready', () => {
  const given: number[] = [];
  const answers = new AnswersInOrder(atOnce, () => {});
  const ready = [0, 1, 2, 3].map((n) => answers.expect(() => given.push(n)));
  ready[2]?.();
  ready[1]?.();
  expect(given).toEqual([]);
  ready[0]?.();
  expect(given).toEqual([0, 1, 2]);
  expect(answers.waiting).toBe(1);
  ready[3]?.();
  expect(given).toEqual([0, 1, 2, 3]);
});

test('nobody is answered after the end', () => {
  const given: number[] = [];
  const answers = new AnswersInOrder(atOnce, () => {});
  const ready = answers.expect(() => given.push(1));
  answers.end();
  ready();
  expect(given).toEqual([]);
  expect(answers.waiting).toBe(0);
});

test('a pace lets a burst go, then so many a second, and saves up again while it rests', () => {
  const clock = movedClock(1_000);
  const allowed = new Pace({ perSecond: 10, burst: 3 }, clock);
  expect([1, 2, 3].map(() => allowed.waitMs())).toEqual([0, 0, 0]);
  expect(allowed.waitMs()).toBe(100);
  clock.forward(100);
  expect(allowed.waitMs()).toBe(0);
  expect(allowed.waitMs()).toBe(100);
  clock.forward(10_000);
  expect([1, 2, 3, 4].map(() => allowed.waitMs())).toEqual([0, 0, 0, 100]);
});

test('answers above the pace are given later, in order, and counted', () => {
  vi.useFakeTimers();
  try {
    const clock = movedClock(0);
    const pass = (ms: number): void => {
      clock.forward(ms);
      vi.advanceTimersByTime(ms);
    };
    let slowed = 0;
    const given: number[] = [];
    const answers = new AnswersInOrder(new Pace({ perSecond: 10, burst: 2 }, clock), () => slowed++);
    for (const n of [0, 1, 2, 3]) answers.expect(() => given.push(n))();
    expect(given).toEqual([0, 1]);
    pass(99);
    expect(given).toEqual([0, 1]);
    pass(1);
    expect(given).toEqual([0, 1, 2]);
    pass(100);
    expect(given).toEqual([0, 1, 2, 3]);
    expect(slowed).toBe(2);
  } finally {
    vi.useRealTimers();
  }
});
