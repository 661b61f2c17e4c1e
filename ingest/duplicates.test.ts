import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { HubEvent } from '../domain/packet.ts';
import { days, minutes, seconds } from '../domain/time.ts';
import { type EventsHeard, hearEvent } from './duplicates.ts';

const T = Date.UTC(2026, 2, 1);

/** A hub's ear: says of each event, ordinary or urgent, what it is. */
function ear(heard: EventsHeard = []) {
  const hears = (seq: number, clockAt: number | null = null, boot = 'a') =>
    hearEvent(heard, { boot, seq, clockAt }, false);
  const hearsCall = (seq: number, clockAt: number | null = null) => hearEvent(heard, { boot: 'a', seq, clockAt }, true);
  return { heard, hears, hearsCall };
}

test('a message without a time is new exactly once by its number, in whatever order its copies come', () => {
  const events = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat({ max: 60 }), fc.boolean()), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(events, (sent) => {
      const heard: EventsHeard = [];
      const known = new Set<string>();
      for (const [boot, seq, urgent] of sent) {
        const hearing = hearEvent(heard, { boot, seq, clockAt: null }, urgent);
        expect(hearing).toBe(known.has(`${boot} ${seq}`) ? 'copy' : 'new');
        known.add(`${boot} ${seq}`);
      }
    }),
  );
});

test('a true copy is never new, whatever clock its hub has and however late it comes', () => {
  const clockAt = fc.oneof(fc.integer({ min: -days(9_000), max: T + days(9_000) }), fc.constant(null));
  const message = fc.record({ boot: fc.constantFrom('a', 'b', 'c'), clockAt, urgent: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 60 }),
      fc.array(fc.nat({ max: 59 }), { maxLength: 200 }),
      (said, sent) => {
        const heard: EventsHeard = [];
        const known = new Set<number>();
        for (const seq of sent) {
          const one = said[seq];
          if (!one) continue;
          const event: HubEvent = { boot: one.boot, seq, clockAt: one.clockAt };
          expect(hearEvent(heard, event, one.urgent)).toBe(known.has(seq) ? 'copy' : 'new');
          known.add(seq);
        }
        expect(JSON.parse(JSON.stringify(heard))).toEqual(heard);
      },
    ),
  );
});

test('a hub that counts from 0 again and again under one boot is heard whole, each message once', () => {
  const life = fc.record({
    messages: fc.integer({ min: 1, max: 30 }),
    offMs: fc.integer({ min: minutes(2) + 1, max: days(9) }),
  });
  const clocks = fc.constantFrom(
    (at: number) => at,
    (at: number) => at - T,
    (at: number) => at + days(400),
  );
  fc.assert(
    fc.property(fc.array(life, { maxLength: 8 }), clocks, fc.nat({ max: 5 }), (lives, shows, again) => {
      const { hears } = ear();
      let at = T;
      for (const { messages, offMs } of lives) {
        at += offMs;
        for (let seq = 0; seq < messages; seq++) {
          at += seconds(1);
          expect(hears(seq, shows(at))).not.toBe('copy');
          const earlier = Math.min(seq, again);
          expect(hears(seq - earlier, shows(at - seconds(earlier)))).toBe('copy');
        }
      }
    }),
  );
});

test('a call is another one exactly when its number or its time is', () => {
  const events = fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 })), { maxLength: 100 });
  fc.assert(
    fc.property(events, (sent) => {
      const { hearsCall } = ear();
      const known = new Set<string>();
      for (const [seq, at] of sent) {
        expect(hearsCall(seq, at) === 'copy').toBe(known.has(`${seq} ${at}`));
        known.add(`${seq} ${at}`);
      }
    }),
  );
});

describe('a number that was heard before', () => {
  it('is of a counter that began anew when it bears a later time than all before, and then the others are new too', () => {
    const { hears } = ear();
    for (let seq = 0; seq < 100; seq++) hears(seq, T + seconds(seq));
    const later = T + minutes(10);
    expect([hears(7, later + 7), hears(5, later + 5), hears(99, later + 99)]).toEqual(['anew', 'new', 'new']);
    expect([hears(7, later + 7), hears(5, later + 5), hears(99, later + 99)]).toEqual(['copy', 'copy', 'copy']);
  });

  it('is a copy when only its time was written anew on sending', () => {
    const { hears } = ear();
    hears(1, T);
    expect([hears(1, T + seconds(20)), hears(1, T + seconds(110))]).toEqual(['copy', 'copy']);
  });

  it('is another call even where the clock began anew as well', () => {
    const { hears, hearsCall } = ear();
    hearsCall(3, seconds(30));
    hears(4, T);
    expect([hearsCall(3, seconds(31)), hearsCall(3, seconds(30)), hearsCall(3, seconds(31))]).toEqual([
      'anew',
      'copy',
      'copy',
    ]);
  });

  it('is a copy by itself where nothing was remembered of times, and from then on is told by them', () => {
    const { hears } = ear([['a', [0, 99]]]);
    expect([hears(50, T), hears(50, T), hears(100, T + 1), hears(0, T + minutes(5))]).toEqual([
      'copy',
      'copy',
      'new',
      'anew',
    ]);
  });
});

test('a million events in order are one interval, and gaps are forgotten from the oldest on', () => {
  const { heard, hears } = ear();
  for (let seq = 0; seq < 1_000_000; seq++) hears(seq, T + seq);
  expect(heard).toEqual([['a', [0, 999_999], T + 999_999]]);
  for (let seq = 1_000_001; seq < 1_003_000; seq += 2) hears(seq, T + seq);
  expect(JSON.stringify(heard).length).toBeLessThan(8_400);
  expect(hears(1_002_999, T + 1_002_999)).toBe('copy');
  expect(hears(5, T + 5)).toBe('new');
});

test('of calls without end the last are remembered', () => {
  const { heard, hearsCall } = ear();
  for (let seq = 0; seq < 10_000; seq++) hearsCall(seq, T + seq);
  expect(JSON.stringify(heard).length).toBeLessThan(3_000);
  expect(hearsCall(9_900, T + 9_900)).toBe('copy');
});

test('a hub that restarts for ever is remembered for its last starts', () => {
  const { heard, hears } = ear();
  for (let boot = 0; boot < 1_000; boot++) hears(1, null, `boot ${boot}`);
  expect(heard).toHaveLength(4);
  expect(hears(1, null, 'boot 999')).toBe('copy');
});

test('two thousand events are each new once, however their copies are shuffled', () => {
  const { heard, hears } = ear();
  for (let seq = 0; seq < 10_000; seq++) hears(seq);
  const copies = [1, 2, 3].flatMap(() => Array.from({ length: 2_000 }, (_, n) => 10_000 + n));
  const order = new Map(copies.map((_, n) => [n, Math.sin(n * 12.9898) * 43_758.5453]));
  const shuffled = [...copies.keys()].sort((a, b) => ((order.get(a) ?? 0) % 1) - ((order.get(b) ?? 0) % 1));
  const fresh = shuffled.filter((n) => hears(copies[n] ?? 0) === 'new');
  expect(fresh).toHaveLength(2_000);
  expect(heard).toEqual([['a', [0, 11_999]]]);
});
