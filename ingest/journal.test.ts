import { expect, test } from 'vitest';
import { segmentWriter } from '../store/segment.ts';
import { journalReader } from './journal.ts';

/** A stream of segments with one packet each. */
function streamOf(packets: number, payload: Uint8Array) {
  const segment = (first: number) => {
    const writer = segmentWriter();
    const times = { receivedAt: first, monotonicAt: first };
    writer.add({ kind: 'packet', hubId: 'h', topic: 't/t', payload, qos: 1, retain: false, ...times });
    return { first, count: 1, at: first, bytes: writer.take() };
  };
  return {
    streamHeads: async () => ({ s: packets }),
    segmentsAfter: async ({ after, limit }: { after: number; limit: number }) =>
      Array.from({ length: Math.min(limit, packets - after) }, (_, n) => segment(after + n + 1)),
  };
}

test('a batch of large packets is a small one, and none of them is left out', async () => {
  const read = journalReader(streamOf(100, new Uint8Array(1_024 * 1_024)), {});
  const sizes: number[] = [];
  for (let caughtUp = false; !caughtUp; ) {
    const batch = await read(20_000);
    sizes.push(batch.entries.length);
    caughtUp = batch.caughtUp;
  }
  expect(Math.max(...sizes)).toBeLessThan(40);
  expect(sizes.reduce((a, b) => a + b)).toBe(100);
});
