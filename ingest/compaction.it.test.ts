import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { minutes } from '../domain/time.ts';
import { movedClock } from '../runtime/clock.ts';
import { openStoreHere } from '../store/open.ts';
import { segmentEntries } from '../store/segment.ts';
import { engines } from '../test/memory.ts';
import { compaction } from './compaction.ts';
import { entriesBetween } from './journal.ts';
import { MIDNIGHT } from './timeline.test-kit.ts';
import { dice, streamOf } from './town.test-kit.ts';

const ENTRIES = 6_000;

describe.each(engines)('the journal on $name', (engine) => {
  if (engine.unavailable) return test.skip(engine.unavailable);
  let started: Awaited<ReturnType<typeof engine.start>>;
  beforeAll(async () => {
    started = await engine.start();
  });
  afterAll(() => started.stop());

  test('is joined into few rows behind its readers, entry for entry the same and much smaller, also by two who do it at once', async () => {
    const { store, close } = await openStoreHere(await started.database());
    const clock = movedClock(MIDNIGHT);
    const it = dice(3);
    const write = streamOf(store, 'a');
    for (let number = 0; number < ENTRIES; ) {
      const count = Math.min(ENTRIES - number, 1 + it.below(8));
      await write(
        Array.from({ length: count }, (_, n) => ({
          ...{
            kind: 'packet' as const,
            hubId: `hub ${it.below(500)}`,
            topic: 'sw/x/up',
            qos: 1 as const,
            retain: false,
          },
          ...{ receivedAt: clock.now(), monotonicAt: clock.now() - MIDNIGHT },
          payload: Buffer.from(`{"boot":"b","seq":${number + n + 1},"readings":[{"kind":"motion","device":"pir"}]}`),
        })),
      );
      clock.forward(20);
      number += count;
    }
    const all = async () => {
      const found: string[] = [];
      for await (const { entry, position } of entriesBetween(store, {}, { a: ENTRIES })) {
        found.push(`${position.number} ${JSON.stringify(entry)}`);
      }
      return found;
    };
    const rows = async () =>
      store.segmentSizes({ stream: 'a', from: 1, before: Number.MAX_SAFE_INTEGER, limit: 10_000 });
    const bytes = async () => (await rows()).reduce((sum, row) => sum + row.bytes, 0);
    const before = { all: await all(), rows: (await rows()).length, bytes: await bytes() };

    const young = compaction({ store, clock });
    expect(await young()).toBe(false);
    clock.forward(minutes(10));
    const one = compaction({ store, clock });
    const other = compaction({ store, clock });
    for (let more = true; more; ) more = (await Promise.all([one(), other()])).some(Boolean);

    expect(await all()).toEqual(before.all);
    expect((await rows()).length).toBeLessThan(before.rows / 10);
    expect(await bytes()).toBeLessThan(before.bytes / 3);
    expect(Math.max(...(await rows()).map(({ count }) => count))).toBeLessThanOrEqual(1_000);

    // Whoever stands in the middle of what was joined reads on from there, and an intake from its end.
    const [page] = await store.segmentsAfter({ stream: 'a', after: 777, limit: 1 });
    const numbers = [...segmentEntries(page!.bytes)].map((_, n) => page!.first + n);
    expect(numbers).toContain(778);
    expect(await store.streamHeads(null)).toEqual({ a: ENTRIES });
    await close();
  });

  test('a hub that says the same large thing again and again makes no row, and no page, that memory could not hold', async () => {
    const { store, close } = await openStoreHere(await started.database());
    const clock = movedClock(MIDNIGHT);
    const write = streamOf(store, 'a');
    const said = { kind: 'packet' as const, hubId: 'h', topic: 'sw/x/up', qos: 1 as const, retain: false };
    for (let n = 0; n < 420; n++) {
      const payload = Buffer.alloc(n < 20 ? 1_000_000 : 10);
      await write([{ ...said, payload, receivedAt: clock.now(), monotonicAt: n }]);
      clock.forward(20);
    }
    const pages = async () => {
      const sizes: number[] = [];
      for (let after = 0; after < 420; ) {
        const page = await store.segmentsAfter({ stream: 'a', after, limit: 256 });
        sizes.push(page.reduce((sum, { bytes }) => sum + bytes.length, 0));
        after = page.reduce((end, { first, count }) => Math.max(end, first + count - 1), after);
      }
      return sizes;
    };
    const before = await pages();
    clock.forward(minutes(10));
    const join = compaction({ store, clock });
    while (await join());
    const rows = await store.segmentSizes({ stream: 'a', from: 1, before: Number.MAX_SAFE_INTEGER, limit: 1_000 });
    expect(rows.length).toBeLessThan(40);
    expect(Math.max(...before, ...(await pages()))).toBeLessThan(10_000_000);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(420);
    await close();
  });
});
