import { expect, test, vi } from 'vitest';
import { repeat } from './lifecycle.ts';
import { type Log, silentLog } from './log.ts';

test('work that fails comes again, and a failure that goes on is said once', async () => {
  const said: unknown[] = [];
  const log: Log = { ...silentLog, error: ({ err }: { err: Error }) => void said.push(err.message) };
  let runs = 0;
  const working = repeat(log, 'work', 0, async () => {
    runs++;
    throw new Error(runs <= 20 ? 'gone' : 'worse');
  });
  await expect.poll(() => runs).toBeGreaterThan(40);
  await working.stop();
  expect(said).toEqual(['gone', 'worse']);
});

test('a burst of nudges is a few runs, of which the first is at once and the last comes after the last nudge', async () => {
  let runs = 0;
  let nudges = 0;
  let seen = 0;
  const work = repeat(
    silentLog,
    'test',
    60_000,
    async () => {
      runs++;
      seen = nudges;
    },
    20,
  );
  const from = performance.now();
  while (performance.now() - from < 200) {
    nudges++;
    work.nudge();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await vi.waitFor(() => expect(seen).toBe(nudges));
  const tookMs = performance.now() - from;
  expect(runs).toBeLessThanOrEqual(tookMs / 20 + 2);
  expect(runs).toBeGreaterThan(1);
  await work.stop();
});
