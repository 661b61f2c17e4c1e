import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenStore, openStoreHere } from '../store/open.ts';
import { temporaryFolder } from '../test/memory.ts';
import { entriesBetween } from './journal.ts';
import { sharedJournal } from './shared-journal.ts';
import { dice, streamOf } from './town.test-kit.ts';

const folder = temporaryFolder();
let open: OpenStore;
beforeAll(async () => {
  open = await openStoreHere(`${folder.path}/shouwang.db`);
});
afterAll(async () => {
  await open.close();
  folder.remove();
});

const ENTRIES = 2_000;

test('every reader reads the whole stream, wherever it begins and however far it goes at a time, and the disk is asked once', async () => {
  const it = dice(7);
  const write = streamOf(open.store, 'a');
  for (let number = 0; number < ENTRIES; ) {
    const count = Math.min(ENTRIES - number, 1 + it.below(40));
    const entries = Array.from({ length: count }, (_, n) => ({
      ...{ kind: 'up' as const, hubId: 'h', epoch: number + n + 1, receivedAt: number + n + 1, monotonicAt: 0 },
    }));
    await write(entries);
    number += count;
  }
  let asked = 0;
  const journal = sharedJournal({
    ...open.store,
    segmentsAfter(what) {
      asked++;
      return open.store.segmentsAfter(what);
    },
  });
  async function read(after: number): Promise<void> {
    let expected = after + 1;
    for (let number = after; number < ENTRIES; ) {
      const upTo = Math.min(ENTRIES, number + 1 + it.below(300));
      for await (const { entry, position } of entriesBetween(journal, { a: number }, { a: upTo })) {
        expect(position.number).toBe(expected++);
        expect(entry).toMatchObject({ epoch: position.number });
      }
      number = upTo;
    }
    expect(expected).toBe(ENTRIES + 1);
  }
  await read(0);
  const once = asked;
  await Promise.all([read(0), read(500), read(1_999), read(3)]);
  expect(asked).toBe(once);
  expect(await journal.streamHeads(null)).toEqual({ a: ENTRIES });
});
