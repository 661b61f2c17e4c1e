import { expect, test } from 'vitest';
import { openLanes } from './lanes.ts';

const enterAll = (lanes: ReturnType<typeof openLanes>, destination: string, critical: boolean, times: number) =>
  Array.from({ length: times }, () => lanes.enter(destination, critical)).filter(Boolean).length;

test('a slow destination holds its own places and nobody else’s', () => {
  const lanes = openLanes();
  expect(enterAll(lanes, 'slow', false, 100)).toBe(4);
  expect(enterAll(lanes, 'other', false, 1)).toBe(1);
});

test('an emergency finds a place where ordinary notices no longer do', () => {
  const lanes = openLanes();
  enterAll(lanes, 'slow', false, 100);
  expect(enterAll(lanes, 'slow', true, 100)).toBe(4);
  for (let i = 0; i < 1_000; i++) lanes.enter(`d${i}`, false);
  expect(lanes.enter('new', false)).toBe(false);
  expect(lanes.enter('new', true)).toBe(true);
});

test('a place that is left can be taken again', () => {
  const lanes = openLanes();
  for (let i = 0; i < 1_000; i++) {
    expect(lanes.enter('d', false)).toBe(true);
    lanes.leave('d');
  }
});
