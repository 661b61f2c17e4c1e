import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JournalEntry } from '../domain/packet.ts';
import { compressSegment, expandSegment, segmentEntries, segmentWriter } from './segment.ts';

const time = fc.double({ noNaN: true, min: 0, max: 1e15 });
const entry: fc.Arbitrary<JournalEntry> = fc.oneof(
  fc.record({
    kind: fc.constant('packet' as const),
    hubId: fc.string({ maxLength: 60 }),
    topic: fc.string({ unit: 'grapheme', maxLength: 300 }),
    payload: fc.uint8Array({ maxLength: 2_000 }),
    qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
    retain: fc.boolean(),
    receivedAt: time,
    monotonicAt: time,
  }),
  fc.record({
    kind: fc.constantFrom('up' as const, 'down' as const),
    hubId: fc.string({ maxLength: 60 }),
    epoch: fc.nat(),
    receivedAt: time,
    monotonicAt: time,
  }),
  fc.record({
    kind: fc.constant('down' as const),
    hubId: fc.string({ maxLength: 60 }),
    epoch: fc.nat(),
    silentMs: fc.integer({ min: 1, max: 0xffff_ffff }),
    receivedAt: time,
    monotonicAt: time,
  }),
);

const plain = (entries: Iterable<JournalEntry>) =>
  [...entries].map((e) => (e.kind === 'packet' ? { ...e, payload: [...e.payload] } : e));

test('a segment gives back exactly what was written, in order', () => {
  const writer = segmentWriter(16);
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
      for (const one of entries) writer.add(one);
      expect(writer.count()).toBe(entries.length);
      const bytes = expandSegment(compressSegment(writer.take()));
      expect(plain(segmentEntries(bytes))).toEqual(plain(entries));
      expect(writer.count()).toBe(0);
    }),
  );
});

test('a corrupt segment is an error, not a wrong reading', () => {
  expect(() => [...segmentEntries(new Uint8Array([9, 0, 0]))]).toThrow(/corrupt/);
});

test('an entry that does not fit leaves nothing behind', () => {
  const writer = segmentWriter();
  const packet = (topic: string): JournalEntry => ({
    ...{ kind: 'packet', hubId: 'h', topic, payload: new Uint8Array([1]), qos: 1, retain: false },
    ...{ receivedAt: 1, monotonicAt: 1 },
  });
  writer.add(packet('before'));
  expect(() => writer.add(packet('\ufffd'.repeat(65_535)))).toThrow(RangeError);
  writer.add(packet('after'));
  const found = [...segmentEntries(writer.take())];
  expect(found.map((it) => it.kind === 'packet' && it.topic)).toEqual(['before', 'after']);
});
