import { expect, test } from 'vitest';
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
