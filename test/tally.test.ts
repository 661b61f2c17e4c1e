import { expect, it } from 'vitest';
import { tally } from './tally.ts';

const file = (status: string, ...tests: [string, string, string][]) => ({
  name: '/there/a.test.ts',
  status,
  assertionResults: tests.map(([suite, title, status]) => ({ ancestorTitles: [suite], title, status })),
});
const shorten = (path: string) => path.slice('/there/'.length);

it('counts what passed and names what failed', () => {
  const report = { green: false, testResults: [file('failed', ['s', 'a', 'passed'], ['s', 'b', 'failed'])] };
  expect(tally(report, shorten)).toEqual({ passed: 1, failed: 1, failures: ['a.test.ts › s › b'], skipped: [] });
});

it('names each suite that was skipped, with its size', () => {
  const report = {
    green: true,
    testResults: [
      file('passed', ['pg (none here)', 'a', 'skipped'], ['pg (none here)', 'b', 'todo'], ['s', 'c', 'passed']),
    ],
  };
  expect(tally(report, shorten)).toMatchObject({
    passed: 1,
    failed: 0,
    skipped: ['skipped: a.test.ts › pg (none here) (2)'],
  });
});

it.each([
  ['a file that could not be loaded', { green: false, testResults: [file('failed')] }],
  ['a hook that failed after green tests', { green: false, testResults: [file('failed', ['s', 'a', 'passed'])] }],
  ['an unhandled error', { green: false, testResults: [file('passed', ['s', 'a', 'passed'])] }],
  ['a run that found nothing', { green: true, testResults: [] }],
  ['a run that left no report', null],
])('counts %s as a failure', (_, report) => {
  expect(tally(report, shorten).failed).toBe(1);
});
