import { expect, test } from 'vitest';
import { type Category, categories } from './category.ts';
import { plan, planFor } from './plan.ts';

const names = Object.keys(categories) as Category[];

test.each(names)('the plan of %s keeps the rules that it asks of others', (category) => {
  expect(plan.parse(planFor(category, {}))).toEqual(planFor(category, {}));
});

test.each(names.filter((name) => categories[name].critical))('%s tells a station at once', (category) => {
  expect(planFor(category, {}).steps[0]).toMatchObject({ afterSeconds: 0, tell: expect.arrayContaining(['station']) });
});

test('a household may have a plan of its own for one category', () => {
  const own = { ...planFor('sos', {}), repeatSeconds: 60 };
  expect(planFor('sos', { sos: own })).toBe(own);
  expect(planFor('fall', { sos: own })).not.toBe(own);
});

const sos = planFor('sos', {});
const step = { afterSeconds: 0, tell: ['station' as const], channels: ['console' as const] };
test.each([
  ['has no steps', { ...sos, steps: [] }],
  ['does not tell the owner at last', { ...sos, steps: [step] }],
  ['has steps out of the order of time', { ...sos, steps: sos.steps.toReversed() }],
  ['has two steps at one time', { ...sos, steps: [step, { ...step, tell: ['owner'] }] }],
  ['tells nobody in a step', { ...sos, steps: [{ ...step, tell: [] }, ...sos.steps.slice(1)] }],
  ['has a step without a channel', { ...sos, steps: [{ ...step, channels: [] }, ...sos.steps.slice(1)] }],
  ['has a channel twice', { ...sos, steps: [{ ...step, channels: ['console', 'console'] }, ...sos.steps.slice(1)] }],
  ['repeats every second', { ...sos, repeatSeconds: 1 }],
])('a plan is refused that %s', (_, wrong) => {
  expect(plan.safeParse(wrong).success).toBe(false);
});
