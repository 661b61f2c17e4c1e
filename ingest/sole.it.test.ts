import { expect, test } from 'vitest';
import { seconds } from '../domain/time.ts';
import { movedClock } from '../runtime/clock.ts';
import { openStoreHere } from '../store/open.ts';
import { temporaryFolder } from '../test/memory.ts';
import { sole } from './sole.ts';

test('of several processes one does it; another takes it over when that one is silent, and the first notices', async () => {
  const folder = temporaryFolder();
  const { store, close } = await openStoreHere(`${folder.path}/shouwang.db`);
  const clock = movedClock(0);
  const of = (owner: string) => sole({ store, clock, name: 'what is done once', owner });
  const [a, b] = [of('a'), of('b')];
  expect([await a(), await b()]).toEqual([true, false]);
  for (let n = 0; n < 10; n++) {
    clock.forward(seconds(2));
    expect([await a(), await b()]).toEqual([true, false]);
  }
  clock.forward(seconds(9));
  expect(await b()).toBe(false);
  clock.forward(seconds(1));
  expect([await b(), await a(), await b()]).toEqual([true, false, true]);
  // Started again, it takes on what was its own at once.
  expect(await of('b')()).toBe(true);
  await close();
  folder.remove();
});
