import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { days, hours, minutes, seconds } from '../../domain/time.ts';
import { timeline } from '../timeline.test-kit.ts';
import { type AlarmKnown, hearAlarm } from './critical.ts';

const connected = () => timeline().link('up');

describe('a call for help', () => {
  it.each(['sos', 'fall'] as const)('%s counts each time, however often', (kind) => {
    const home = connected().says('button', kind).says('button', kind).says('button', kind);
    expect(home.news()).toEqual([kind, kind, kind]);
    expect(new Set(home.findings().map((it) => it.occurrenceKey)).size).toBe(3);
  });

  it('counts once when its message is repeated under the same identity', () => {
    const home = connected().says('button', 'sos', true, { seq: 7 }).says('button', 'sos', true, { seq: 7 });
    expect(home.news()).toEqual(['sos']);
    expect(home.last()?.occurrenceKey).toBe('ev:hub-1:b1:7:0');
  });

  it('counts after a reset of its hub, which says its numbers again, and so does movement; true copies count for nothing', () => {
    const home = connected();
    const says = (seq: number, ts: number, kind: string) =>
      home.sends(JSON.stringify({ boot: 'b', seq, ts, readings: [{ device: kind, kind, value: true }] }));
    const before = home.now();
    for (let seq = 0; seq < 10; seq++) says(seq, before + seq, seq === 3 ? 'sos' : 'motion');
    expect(home.news()).toEqual(['sos']);
    home.forward(minutes(20));
    home.restart(seconds(20));
    const after = home.now();
    for (let seq = 0; seq < 5; seq++) {
      for (const _copy of [1, 2]) says(seq, after + seq, seq === 3 ? 'sos' : 'motion');
    }
    says(3, before + 3, 'sos');
    expect(home.news()).toEqual(['sos']);
    expect(home.findings().map((it) => it.occurrenceKey)).toEqual([
      `ev:hub-1:b:3@${before + 3}:0`,
      `ev:hub-1:b:3@${after + 3}:0`,
    ]);
    expect(home.state()?.devices['hub-1/motion']?.heardAt).toBe(after);
  });

  it('counts two days late, and says so', () => {
    const home = connected().says('button', 'sos', true, { ageMs: hours(48) });
    expect(home.last()).toMatchObject({ category: 'sos', delayMs: hours(48), at: home.now() - hours(48) });
    expect(home.last()?.sentence).toEqual({
      zh: 'button：有人按下了紧急呼叫。（消息晚到 2 天）',
      en: 'Somebody pressed for help: button. (the message came 2 d late)',
    });
  });

  it('says that nobody knows when it happened, if the hub’s clock cannot be believed', () => {
    const home = connected().says('button', 'sos', true, { wrongClock: true });
    expect(home.last()?.sentence.zh).toBe('button：有人按下了紧急呼叫。（网关时钟不可信，发生时间不明，以收到为准）');
  });

  it('counts from a hub whose clock is wrong, and from a home that is paused', () => {
    expect(connected().says('button', 'sos', true, { wrongClock: true }).news()).toEqual(['sos']);
    expect(timeline({ mode: 'paused' }).link('up').says('button', 'sos').news()).toEqual(['sos']);
  });

  it('is not a released button', () => {
    expect(connected().says('button', 'sos', false).news()).toEqual([]);
  });

  it('may be what cannot be read on the emergency topic, and is nothing on the other', () => {
    const topic = 'sw/hub-1/emergency';
    expect(connected().sends('{"readings":', { topic }).news()).toEqual(['unreadable']);
    expect(connected().sends('{"readings":').news()).toEqual([]);
  });
});

describe('an alarm that stays on', () => {
  it('is one alarm while it says so every half hour, and another one after it ended', () => {
    const home = connected().says('kitchen', 'smoke');
    home.every(minutes(30), '14:00', () => home.says('kitchen', 'smoke'));
    expect(home.news()).toEqual(['smoke']);
    expect(home.says('kitchen', 'smoke', false).says('kitchen', 'smoke').news()).toEqual(['smoke']);
  });

  it('is another one after hours of silence, since the end in between may have been lost', () => {
    expect(connected().says('kitchen', 'gas').at('11:00').says('kitchen', 'gas').news()).toEqual(['gas', 'gas']);
  });

  it('counts each time from a hub whose clock was set back, though all it says is older than what is known', () => {
    const home = connected().says('kitchen', 'smoke', false);
    const late = { ageMs: days(20) };
    for (let fire = 0; fire < 3; fire++) {
      home.forward(minutes(12));
      home.says('kitchen', 'smoke', true, late);
      home.forward(minutes(5));
      home.says('kitchen', 'smoke', false, late);
    }
    expect(home.news()).toEqual(['smoke', 'smoke', 'smoke']);
  });

  it('is not the alarm of another sensor', () => {
    expect(connected().says('kitchen', 'smoke').says('bedroom', 'smoke').news()).toEqual(['smoke', 'smoke']);
  });

  it('is not a self-test', () => {
    expect(connected().says('kitchen', 'test').news()).toEqual([]);
  });
});

type Said = readonly [yes: boolean, at: number];
const [YES, NO] = [true, false];

test.each<[string, Said[], boolean[]]>([
  ['a first yes', [[YES, 5]], [true]],
  [
    'yes again',
    [
      [YES, 5],
      [YES, 6],
    ],
    [true, false],
  ],
  [
    'yes after no',
    [
      [YES, 5],
      [NO, 6],
      [YES, 7],
    ],
    [true, false, true],
  ],
  [
    'a copy of the yes after the no',
    [
      [YES, 5],
      [NO, 6],
      [YES, 5],
    ],
    [true, false, false],
  ],
  [
    'a late beginning of what is on',
    [
      [YES, 5],
      [YES, 4],
    ],
    [true, false],
  ],
  [
    'a late no does not end what is on',
    [
      [YES, 5],
      [NO, 4],
      [YES, 6],
    ],
    [true, false, false],
  ],
  [
    'a late yes that nobody knew of',
    [
      [NO, 9],
      [YES, 4],
    ],
    [false, true],
  ],
  [
    'and its repetitions',
    [
      [NO, 9],
      [YES, 4],
      [YES, 5],
    ],
    [false, true, false],
  ],
  [
    'a late yes before an alarm that ended',
    [
      [YES, 5],
      [NO, 6],
      [YES, 2],
    ],
    [true, false, true],
  ],
  [
    'a late yes between two noes',
    [
      [YES, 5],
      [NO, 6],
      [NO, 9],
      [YES, 7],
    ],
    [true, false, false, true],
  ],
])('%s', (_, said, expected) => {
  let known: AlarmKnown | undefined;
  const counted = said.map(([yes, at]) => {
    const after = hearAlarm(known, yes, at);
    known = after.known;
    return after.counts;
  });
  expect(counted).toEqual(expected);
});

describe('whatever the order', () => {
  const words = fc.array(fc.record({ yes: fc.boolean(), at: fc.integer({ min: 1, max: 50 }) }), {
    minLength: 1,
    maxLength: 12,
  });

  test('the known state is what the newest word says', () => {
    fc.assert(
      fc.property(words, (said) => {
        let known: AlarmKnown | undefined;
        for (const { yes, at } of said) known = hearAlarm(known, yes, at).known;
        const newest = said.reduce((a, b) => (b.at >= a.at ? b : a));
        expect(known?.active).toBe(newest.yes);
      }),
    );
  });

  test('an alarm is never missed: every yes belongs to a time that was counted', () => {
    fc.assert(
      fc.property(words, (said) => {
        let known: AlarmKnown | undefined;
        let counted = 0;
        for (const { yes, at } of said) {
          const after = hearAlarm(known, yes, at);
          known = after.known;
          if (after.counts) counted++;
        }
        expect(counted > 0).toBe(said.some(({ yes }) => yes));
      }),
    );
  });

  test('calls for help are the same set however they are ordered and repeated', () => {
    const calls = fc.uniqueArray(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 15 });
    const copies = fc.infiniteStream(fc.nat());
    fc.assert(
      fc.property(calls, copies, (seqs, choices) => {
        const [home, other] = [connected(), connected()];
        for (const seq of seqs) home.says('button', 'sos', true, { seq });
        const shuffled = [...seqs, ...seqs].sort(() => ((choices.next().value ?? 0) % 3) - 1);
        for (const seq of shuffled) other.says('button', 'sos', true, { seq });
        const keys = (it: typeof home) =>
          it
            .findings()
            .map((finding) => finding.occurrenceKey)
            .sort();
        expect(keys(other)).toEqual(keys(home));
      }),
      { numRuns: 50 },
    );
  });
});
