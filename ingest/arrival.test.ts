import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Packet } from '../domain/packet.ts';
import { readingKind } from '../domain/reading.ts';
import { hours, minutes, seconds } from '../domain/time.ts';
import type { AlarmState } from '../store/alarm-state.ts';
import type { AdmittedHub } from '../store/hub.ts';
import { arrivals } from './arrival.ts';
import { HUB, MIDNIGHT, timeline } from './timeline.test-kit.ts';

const hub: AdmittedHub = {
  hubId: HUB,
  householdId: 'home-1',
  slot: 0,
  clientId: 'client-1',
  ecosystem: 'shouwang',
  power: 'mains',
  mode: 'live',
  keyHashes: [],
  names: new Map(),
  catalogue: null,
};

type Said = { readonly device?: string; readonly kind: string; readonly value?: unknown };

function door(known: readonly AlarmState[] = []) {
  const { judge, learn } = arrivals(known);
  let number = 0;
  let now = MIDNIGHT;
  const sends = (payload: string | Uint8Array, topic = `sw/${HUB}/up`) => {
    const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
    const packet: Packet = {
      ...{ kind: 'packet', hubId: HUB, topic, payload: bytes, qos: 1, retain: false },
      ...{ receivedAt: now, monotonicAt: now },
    };
    return judge(packet, { stream: 's', number: ++number }, hub);
  };
  return {
    sends,
    learn,
    forward: (ms: number) => (now += ms),
    says: (said: Said | readonly Said[], more: object = {}) =>
      sends(JSON.stringify({ ...more, readings: [said].flat().map((one) => ({ device: 'd', value: true, ...one })) })),
  };
}

describe('on arrival', () => {
  it('a call for help is a finding, and the hub is told so when it said which event it was', () => {
    const arrival = door().says({ kind: 'sos' }, { boot: 'b', seq: 4 });
    expect(arrival.findings).toMatchObject([
      { householdId: 'home-1', category: 'sos', rule: 'critical', occurrenceKey: `ev:${HUB}:b:4:0` },
    ]);
    expect(arrival.acknowledge).toEqual({ topic: `sw/${HUB}/down`, payload: '{"ack":{"boot":"b","seq":4}}' });
    expect(door().says({ kind: 'sos' })).toMatchObject({
      findings: [{ occurrenceKey: 'at:s:1:0' }],
      acknowledge: null,
    });
  });

  it('movement, vitals and open doors are nothing', () => {
    const at = door();
    const nothing = {
      findings: [],
      alarmStates: [],
      catalogue: null,
      unreadable: null,
      acknowledge: null,
      critical: false,
    };
    for (const said of [{ kind: 'motion' }, { kind: 'systolic', value: 240 }, { kind: 'open' }, { kind: 'test' }]) {
      expect(at.says(said, { boot: 'b', seq: 1 })).toEqual(nothing);
    }
  });

  it('smoke that says so every half hour is one finding, and an answer each time', () => {
    const at = door();
    expect(at.says({ kind: 'smoke' }, { boot: 'b', seq: 1 })).toMatchObject({
      findings: [{ category: 'smoke' }],
      alarmStates: [{ hubId: HUB, device: 'd', kind: 'smoke', active: true, at: MIDNIGHT }],
    });
    for (let seq = 2; seq < 10; seq++) {
      at.forward(minutes(30));
      const again = at.says({ kind: 'smoke' }, { boot: 'b', seq });
      expect(again.findings).toEqual([]);
      expect(again.acknowledge).not.toBeNull();
    }
  });

  it('smoke that goes on for hours is kept once an hour, so that it is no new fire after a restart', () => {
    const at = door();
    const kept = at.says({ kind: 'smoke' }).alarmStates.slice();
    for (let n = 0; n < 11; n++) {
      at.forward(minutes(30));
      kept.push(...at.says({ kind: 'smoke' }).alarmStates);
    }
    expect(kept).toHaveLength(6);
    const after = door(kept.slice(-1));
    after.forward(hours(6));
    expect(after.says({ kind: 'smoke' }).findings).toEqual([]);
  });

  it('an alarm that says no and never said yes is nothing to keep', () => {
    const at = door();
    const quiet = at.says(Array.from({ length: 100 }, (_, n) => ({ device: `d${n}`, kind: 'smoke', value: false })));
    expect(quiet).toMatchObject({ findings: [], alarmStates: [] });
    expect(at.says({ kind: 'smoke', device: 'd1' })).toMatchObject({
      findings: [{ category: 'smoke' }],
      alarmStates: [{ active: true }],
    });
  });

  it('smoke that ended and begins again counts again', () => {
    const at = door();
    at.says({ kind: 'smoke' });
    at.forward(1_000);
    expect(at.says({ kind: 'smoke', value: false })).toMatchObject({ findings: [], alarmStates: [{ active: false }] });
    at.forward(1_000);
    expect(at.says({ kind: 'smoke' }).findings).toHaveLength(1);
  });

  it('a copy of an old alarm is answered again, counts no more, and leaves the state as it is', () => {
    const at = door();
    at.says({ kind: 'smoke' }, { boot: 'b', seq: 1 });
    at.forward(1_000);
    at.says({ kind: 'smoke', value: false }, { boot: 'b', seq: 2 });
    at.forward(1_000);
    const copy = at.says({ kind: 'smoke' }, { boot: 'b', seq: 1 });
    expect(copy).toMatchObject({ findings: [], alarmStates: [] });
    expect(copy.acknowledge).not.toBeNull();
    at.forward(1_000);
    expect(at.says({ kind: 'smoke' }, { boot: 'b', seq: 3 }).findings).toHaveLength(1);
  });

  it('a call under a number that was used before is another one when its time is, and a copy when it is not', () => {
    const at = door();
    const pressed = (ts: number, sent: number) => at.says({ kind: 'sos' }, { boot: 'b', seq: 0, ts, sent });
    expect(pressed(MIDNIGHT, MIDNIGHT).findings).toMatchObject([{ occurrenceKey: `ev:${HUB}:b:0@${MIDNIGHT}:0` }]);
    at.forward(hours(1));
    const copy = pressed(MIDNIGHT, MIDNIGHT + hours(1));
    expect(copy).toMatchObject({ findings: [], acknowledge: { payload: '{"ack":{"boot":"b","seq":0}}' } });
    expect(pressed(MIDNIGHT + seconds(9), MIDNIGHT + hours(1)).findings).toMatchObject([
      { occurrenceKey: `ev:${HUB}:b:0@${MIDNIGHT + seconds(9)}:0` },
    ]);
  });

  it('a restart neither forgets an alarm nor repeats it', () => {
    const known: AlarmState[] = [{ hubId: HUB, device: 'd', kind: 'gas', active: true, at: MIDNIGHT - minutes(5) }];
    expect(door(known).says({ kind: 'gas' }).findings).toEqual([]);
    expect(door(known).says([{ kind: 'gas', value: false }, { kind: 'gas' }]).findings).toHaveLength(1);
  });

  it('what an alarm has said to another front end meanwhile counts; what it said here later than that stands', () => {
    const smoke = (active: boolean, at: number): AlarmState => ({ hubId: HUB, device: 'd', kind: 'smoke', active, at });
    const at = door();
    expect(at.says({ kind: 'smoke' }).findings).toHaveLength(1);
    at.learn([smoke(false, MIDNIGHT + 1_000)]);
    at.forward(2_000);
    expect(at.says({ kind: 'smoke' }).findings).toHaveLength(1);
    at.learn([smoke(false, MIDNIGHT + 1_500)]);
    expect(at.says({ kind: 'smoke' }).findings).toHaveLength(0);
  });

  it('what cannot be read is counted, and on the emergency topic an alarm that is answered', () => {
    expect(door().sends('{')).toMatchObject({ findings: [], unreadable: { reason: 'not_json' }, acknowledge: null });
    const urgent = door().says({ kind: 'scream' }, { boot: 'b', seq: 1 });
    expect(urgent.findings).toEqual([]);
    const topic = `sw/${HUB}/emergency`;
    const emergency = door().sends('{"boot":"b","seq":1,"readings":[{"kind":"scream"}]}', topic);
    expect(emergency.findings).toMatchObject([{ category: 'unreadable', about: { hubId: HUB, device: '' } }]);
    expect(emergency.acknowledge).not.toBeNull();
  });

  it('of a message that claims a thousand emergencies the first are raised before its answer, the others by the processor', () => {
    const smoke = Array.from({ length: 1_000 }, (_, n) => ({ device: `d${n}`, kind: 'smoke', value: true }));
    const at = door();
    const arrived = at.says(smoke, { boot: 'b', seq: 1 });
    expect(arrived.findings).toHaveLength(20);
    expect(arrived.alarmStates).toHaveLength(20);
    expect(at.says({ kind: 'smoke', device: 'd999' }).findings).toHaveLength(1);
    const home = timeline({ from: '00:00' }).link('up');
    home.sends(JSON.stringify({ boot: 'b', seq: 1, readings: smoke }));
    expect(new Set(home.findings().map((it) => it.occurrenceKey)).size).toBe(1_000);
  });

  it('gives the occurrence keys that the processor gives', () => {
    const at = door();
    const home = timeline({ from: '00:00' }).link('up');
    const sent = [
      '{"boot":"b","seq":1,"readings":[{"device":"x","kind":"motion"},{"device":"x","kind":"sos"},{"device":"k","kind":"smoke","value":true}]}',
      '{"boot":"b","seq":2,"readings":[{"device":"k","kind":"smoke","value":true},{"device":"x","kind":"fall"}]}',
      '{"boot":"b","seq":3,"readings":[{"device":"k","kind":"smoke","value":false},{"device":"w","kind":"water_leak","value":true}]}',
      '{"boot":"b","seq":4,"readings":[{"device":"k","kind":"smoke","value":true}]}',
      '{"boot":"b","seq":5,"ts":"2026-03-02T00:00:00+08:00","readings":[{"device":"x","kind":"sos"}]}',
      '{"boot":"b","seq":5,"ts":1772380800000,"readings":[{"device":"x","kind":"sos"}]}',
      '{"boot":"b","seq":2,"ts":8000,"readings":[{"device":"x","kind":"sos"}]}',
    ];
    const arrived = sent.flatMap((payload) => at.sends(payload).findings);
    for (const payload of sent) home.sends(payload);
    expect(arrived.map((it) => it.occurrenceKey)).toEqual(home.findings().map((it) => it.occurrenceKey));
    expect(arrived.map((it) => it.sentence.zh)).toEqual(home.findings().map((it) => it.sentence.zh));
  });
});

const said = fc.record(
  {
    device: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'a/b', ''), fc.anything()),
    kind: fc.oneof(fc.constantFrom(...readingKind.options), fc.anything()),
    value: fc.oneof(fc.boolean(), fc.double(), fc.anything()),
    at: fc.oneof(fc.integer({ min: MIDNIGHT - hours(72), max: MIDNIGHT + hours(2) }), fc.anything()),
  },
  { requiredKeys: ['kind'] },
);
const body = fc.record(
  {
    boot: fc.oneof(fc.string(), fc.constantFrom('b', '__proto__')),
    seq: fc.oneof(fc.nat({ max: 20 }), fc.anything()),
    ts: fc.oneof(fc.integer(), fc.date(), fc.anything()),
    sent: fc.oneof(fc.integer(), fc.anything()),
    readings: fc.oneof(fc.array(said, { maxLength: 5 }), fc.anything()),
  },
  { requiredKeys: ['readings'] },
);
const text = (value: unknown): string => {
  try {
    return JSON.stringify(value, (_, it) => (typeof it === 'bigint' ? Number(it) : it)) ?? '';
  } catch {
    return '[';
  }
};

test('whatever a hub sends, nothing throws, no other home changes, and what is remembered is plain data', () => {
  const at = door();
  const home = timeline({ from: '00:00' }).link('up');
  const whatever = fc.oneof(body.map(text), fc.string(), fc.json());
  const topics = fc.constantFrom(`sw/${HUB}/up`, `sw/${HUB}/emergency`, 'x');
  fc.assert(
    fc.property(whatever, topics, fc.nat({ max: 3_600_000 }), (payload, topic, ms) => {
      at.forward(ms);
      at.sends(payload, topic);
      home.forward(ms);
      home.sends(payload, { topic });
    }),
    { numRuns: 2_000 },
  );
  expect(home.findings().filter((it) => it.category === 'monitoring_degraded')).toEqual([]);
  expect(({} as Record<string, unknown>).says).toBeUndefined();
  const state = home.state();
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});
