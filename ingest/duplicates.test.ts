import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type EventsHeard, hearEvent } from './duplicates.ts';

test('an event is new exactly once, in whatever order its copies come', () => {
  const events = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat({ max: 60 })), { maxLength: 200 });
  fc.assert(
    fc.property(events, (sent) => {
      const heard: EventsHeard = [];
      const known = new Set<string>();
      for (const [boot, seq] of sent) {
        expect(hearEvent(heard, boot, seq)).toBe(!known.has(`${boot} ${seq}`));
        known.add(`${boot} ${seq}`);
      }
    }),
  );
});

test('a million events in order are one interval, and gaps are forgotten from the oldest on', () => {
  const heard: EventsHeard = [];
  for (let seq = 0; seq < 1_000_000; seq++) hearEvent(heard, 'a', seq);
  expect(heard).toEqual([['a', [0, 999_999]]]);
  for (let seq = 1_000_001; seq < 1_003_000; seq += 2) hearEvent(heard, 'a', seq);
  expect(JSON.stringify(heard).length).toBeLessThan(8_400);
  expect(hearEvent(heard, 'a', 1_002_999)).toBe(false);
  expect(hearEvent(heard, 'a', 5)).toBe(true);
});

test('a hub that restarts for ever is remembered for its last starts', () => {
  const heard: EventsHeard = [];
  for (let boot = 0; boot < 1_000; boot++) hearEvent(heard, `boot ${boot}`, 1);
  expect(heard).toHaveLength(4);
  expect(hearEvent(heard, 'boot 999', 1)).toBe(false);
});

test('two thousand events are each new once, however their copies are shuffled', () => {
  const heard: EventsHeard = [];
  for (let seq = 0; seq < 10_000; seq++) hearEvent(heard, 'a', seq);
  const copies = [1, 2, 3].flatMap(() => Array.from({ length: 2_000 }, (_, n) => 10_000 + n));
  const order = new Map(copies.map((_, n) => [n, Math.sin(n * 12.9898) * 43_758.5453]));
  const shuffled = [...copies.keys()].sort((a, b) => ((order.get(a) ?? 0) % 1) - ((order.get(b) ?? 0) % 1));
  const fresh = shuffled.filter((n) => hearEvent(heard, 'a', copies[n] ?? 0));
  expect(fresh).toHaveLength(2_000);
  expect(heard).toEqual([['a', [0, 11_999]]]);
});
