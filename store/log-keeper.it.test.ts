import { readFileSync, statSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../test/memory.ts';
import { openLogKeeper } from './log-keeper.ts';
import { openStoreHere } from './open.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

test('a writer that never rests does not make the log grow for ever, and nothing of what it wrote is missing', async () => {
  const file = `${folder.path}/shouwang.db`;
  const open = await openStoreHere(file);
  const LONG = 1_024 * 1_024;
  const keeper = openLogKeeper(file, LONG);
  const cut: Record<string, number> = {};
  let longest = 0;
  for (let n = 1; n <= 1_500; n++) {
    cut[`stream ${n % 300}`] = n;
    await open.store.keepCut({ consumer: 'test', cut });
    longest = Math.max(longest, statSync(`${file}-wal`).size);
    if (n % 20 === 0) keeper.tend();
  }
  expect(longest).toBeGreaterThan(LONG);
  // A machine that is busy with other tests synchronises slowly, and then it may grow to three times that.
  expect(longest).toBeLessThan(LONG * 4);
  keeper.close();
  await open.close();
  const again = await openStoreHere(file);
  expect(await again.store.cutOf({ consumer: 'test' })).toEqual(cut);
  await again.close();
});

test('a log that was long once is begun anew only when it is long again', async () => {
  const file = `${folder.path}/again.db`;
  const open = await openStoreHere(file);
  const keeper = openLogKeeper(file, 1_024 * 1_024);
  const timesBegun = (): number =>
    statSync(`${file}-wal`).size === 0 ? 0 : readFileSync(`${file}-wal`).readUInt32BE(12);
  let commits = 0;
  const commit = async (): Promise<void> => {
    const cut = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`stream ${n}`, ++commits]));
    await open.store.keepCut({ consumer: 'test', cut });
    keeper.tend();
  };
  while (timesBegun() === 0) await commit();
  const first = commits;
  while (timesBegun() === 1) await commit();
  expect(commits - first).toBeGreaterThan(first / 2);
  keeper.close();
  await open.close();
});
