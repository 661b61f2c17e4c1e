import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { temporaryFolder } from '../test/memory.ts';
import { until } from '../test/system.ts';
import { dueBallast, isBallastReleased, type Room, startBallast } from './ballast.ts';
import { silentLog } from './log.ts';

const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const MB = 1_048_576;

test.each<[string, Room, ReturnType<typeof dueBallast>]>([
  ['there is plenty of room and none', { freeBytes: 1_024 * MB, heldBytes: null }, 'make'],
  ['there is plenty of room again', { freeBytes: 1_024 * MB, heldBytes: 0 }, 'make'],
  ['it would be a large part of what is left', { freeBytes: 1_023 * MB, heldBytes: null }, 'rest'],
  ['it is whole and there is room', { freeBytes: 32 * MB, heldBytes: 256 * MB }, 'rest'],
  ['it is whole and the disk is full', { freeBytes: 31 * MB, heldBytes: 256 * MB }, 'release'],
  ['it was released and the disk is full again', { freeBytes: 0, heldBytes: 0 }, 'rest'],
])('when %s: %#', (_, room, due) => {
  expect(dueBallast(room, 256 * MB)).toBe(due);
});

test('a ballast takes up room, is whole or not there at all, and tells when it was released', async () => {
  const folder = temporaryFolder();
  ends.push(folder.remove);
  const file = join(folder.path, 'ballast');
  const stop = startBallast({ folder: folder.path, megabytes: 3, log: silentLog });
  ends.push(stop);
  await until('the ballast', () => existsSync(file));
  const { size, blocks } = statSync(file);
  expect(size).toBe(3 * MB);
  expect(blocks * 512).toBeGreaterThanOrEqual(3 * MB);
  expect(existsSync(`${file}.new`)).toBe(false);
  expect(await isBallastReleased(folder.path)).toBe(false);
  await stop();
  writeFileSync(file, '');
  expect(await isBallastReleased(folder.path)).toBe(true);
});

test('who stops while it is made leaves nothing half made', async () => {
  const folder = temporaryFolder();
  ends.push(folder.remove);
  const stop = startBallast({ folder: folder.path, megabytes: 64, log: silentLog });
  await until('the beginning', () => existsSync(join(folder.path, 'ballast.new')));
  await stop();
  expect(existsSync(join(folder.path, 'ballast'))).toBe(false);
  expect(existsSync(join(folder.path, 'ballast.new'))).toBe(false);
});

test('what a process that was killed left half made holds back nothing, nor does what was made when there was to be one', async () => {
  const folder = temporaryFolder();
  ends.push(folder.remove);
  const files = [join(folder.path, 'ballast.new'), join(folder.path, 'ballast')];
  for (const file of files) writeFileSync(file, 'x');
  startBallast({ folder: folder.path, megabytes: 0, log: silentLog });
  expect(files.filter((file) => existsSync(file))).toEqual([]);
});
