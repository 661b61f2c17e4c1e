import { expect, test } from 'vitest';
import { days, hours } from '../domain/time.ts';
import { movedClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { openStoreHere } from '../store/open.ts';
import { temporaryFolder } from '../test/memory.ts';
import { decode } from './decoders/registry.ts';
import { startProcessor } from './processor.ts';
import { rules } from './rules/registry.ts';
import { MIDNIGHT } from './timeline.test-kit.ts';
import { soleLease, WHOLE } from './town.test-kit.ts';

test('that time stands still is said anew each day, until it goes on', async () => {
  const folder = temporaryFolder();
  const open = await openStoreHere(`${folder.path}/shouwang.db`);
  const clock = movedClock(MIDNIGHT);
  const options = {
    ...{ store: open.store, log: silentLog, nudge: { send: () => {} }, rules, decode },
    ...{ partition: WHOLE, lease: await soleLease(open.store), intakeStartedAt: null },
  };
  const before = await startProcessor({ ...options, clock: movedClock(MIDNIGHT + days(3)) });
  await before.round();
  await before.stop();
  const processor = await startProcessor({ ...options, clock });
  const scope = { areaId: 'root', householdId: null };
  const said = async () => {
    const { alerts } = await open.store.queue({ scope, state: 'unclosed', userId: '', limit: 10, now: clock.now() });
    return alerts.find(({ rule }) => rule === 'standing_time')?.occurrences;
  };
  const times: unknown[] = [];
  for (const after of [0, 1, 24, 24, 24, 24]) {
    clock.forward(hours(after));
    await processor.round();
    times.push(await said());
  }
  expect(times).toEqual([1, 1, 2, 3, 3, 3]);
  await processor.stop();
  await open.close();
  folder.remove();
});
