import { describe, expect, it } from 'vitest';
import type { Packet } from '../../domain/packet.ts';
import { acknowledgement, decode } from './registry.ts';

const noon = Date.parse('2026-11-22T12:00:00.000Z');
const hub = { hubId: 'h1', householdId: 'home', catalogue: null, ecosystem: 'shouwang' } as const;

const packet = (payload: string, topic = 'sw/hub-1/up'): Packet => ({
  kind: 'packet',
  hubId: 'h1',
  topic,
  payload: Buffer.from(payload),
  qos: 1,
  retain: false,
  receivedAt: noon,
  monotonicAt: 0,
});
const said = (body: unknown, topic?: string) => decode(packet(JSON.stringify(body), topic), hub);
const one = (reading: object, topic?: string) =>
  said({ boot: 'b1', seq: 1, ts: noon, readings: [{ device: 'd', ...reading }] }, topic);
const emergencyTopic = 'sw/hub-1/emergency';

it('reads the message that a hub sends most', () => {
  const payload =
    '{"boot":"b1","seq":7,"ts":"2026-11-22T12:00:00.000Z","readings":[{"kind":"motion","device":"pir-1","value":true}]}';
  expect(decode(packet(payload), hub)).toEqual({
    readings: [{ device: 'pir-1', kind: 'motion', value: true, ageMs: 0, clock: 'device' }],
    event: { boot: 'b1', seq: 7, clockAt: Date.UTC(2026, 10, 22, 12) },
    catalogue: null,
    unreadable: null,
  });
});

it('asks nothing of the hub level of the topic: identity is the credential', () => {
  expect(one({ kind: 'motion', value: true }, 'sw/老人之家 3/up').unreadable).toBeNull();
});

describe('values', () => {
  it.each([
    ['true', true],
    [1, true],
    ['on', true],
    ['ALARM', true],
    ['banana', true],
    [{ pressed: 'twice' }, true],
    [undefined, true],
    [null, true],
    [false, false],
    [0, false],
    ['off', false],
    ['normal', false],
  ])('an SOS of %j is %s', (value, expected) => {
    expect(one({ kind: 'sos', value }).readings[0]).toMatchObject({ kind: 'sos', value: expected });
  });

  it.each(['SOS', ' sos', 'Sos'])('a kind written %j is understood', (kind) => {
    expect(one({ kind, value: true }).readings[0]?.kind).toBe('sos');
  });

  it('an SOS with a device that is none is the hub’s', () => {
    expect(one({ kind: 'sos', value: true, device: ['x'] }).readings[0]?.device).toBe('');
    expect(one({ kind: 'motion', value: true, device: ['x'] }).unreadable?.reason).toBe('no_known_value');
  });

  it.each([
    ['smoke', null],
    ['motion', 'banana'],
    ['heart_rate', '82'],
    ['heart_rate', null],
    ['heart_rate', true],
  ])('%s of %j is not guessed', (kind, value) => {
    expect(one({ kind, value }).unreadable).toEqual({ reason: 'no_known_value', emergency: false });
  });

  it('a number beyond all numbers is none', () => {
    const payload = '{"readings":[{"kind":"weight","device":"s","value":1e999}]}';
    expect(decode(packet(payload), hub).unreadable?.reason).toBe('no_known_value');
  });

  it.each([
    ['temperature', 68, '[degF]', 20],
    ['body_temperature', 310.15, 'K', 37],
    ['systolic', 16, 'kPa', 120.01],
    ['weight', 150, '[lb_av]', 68.039],
    ['weight', 61_500, 'g', 61.5],
    ['heart_rate', 82, '{beats}/min', 82],
    ['heart_rate', 82, undefined, 82],
    ['spo2', 97, '%', 97],
  ])('%s %d %s is %d in our unit', (kind, value, unit, expected) => {
    expect(one({ kind, value, unit }).readings[0]?.value).toBe(expected);
  });

  it.each([
    ['temperature', 20, 'Fahrenheit'],
    ['weight', 9, '[stone_av]'],
    ['spo2', 0.97, '1'],
    ['weight', 9, 'toString'],
    ['weight', 9, 7],
    ['body_temperature', 1.7e308, '[degF]'],
    ['systolic', -1.7e308, 'kPa'],
    ['heart_rate', 1e300, '/min'],
  ])('%s %d in %j is refused', (kind, value, unit) => {
    expect(one({ kind, value, unit }).readings).toEqual([]);
  });
});

describe('what is not understood', () => {
  it('costs only itself', () => {
    const readings = [
      { kind: 'motion', device: 'a', value: true },
      7,
      null,
      { kind: 'motion', device: 'b', value: '?' },
    ];
    expect(said({ readings }).readings.map(({ device }) => device)).toEqual(['a']);
    expect(said({ readings }).unreadable).toBeNull();
  });

  it('shows that its device lives when only its kind is new', () => {
    expect(one({ kind: 'mattress_pressure', value: 3 }).readings).toMatchObject([{ device: 'd', kind: 'heartbeat' }]);
  });

  it.each([
    ['an unknown kind', '{"readings":[{"kind":"help","device":"b"}]}', 'no_known_value'],
    [
      'a battery beside an unknown kind',
      '{"readings":[{"kind":"battery","value":9},{"kind":"help"}]}',
      'no_known_value',
    ],
    ['no JSON', 'SOS!', 'not_json'],
    ['half a message', '{"boot":"b1","seq":7,"readings":[{"kind":"so', 'not_json'],
    ['nothing', '', 'not_json'],
    ['no readings', '{"boot":"b1","seq":7}', 'not_our_shape'],
    ['an array', '[]', 'not_our_shape'],
    ['brackets', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'too_deep'],
  ])('on the emergency topic %s is an emergency', (_, payload, reason) => {
    expect(decode(packet(payload, emergencyTopic), hub).unreadable).toEqual({ reason, emergency: true });
    if (reason !== 'no_known_value')
      expect(decode(packet(payload), hub).unreadable).toEqual({ reason, emergency: false });
  });

  it('is no second emergency beside a life-critical reading that was', () => {
    const readings = [{ kind: 'sos', device: 'b', value: true }, { kind: 'help' }];
    expect(said({ readings }, emergencyTopic)).toMatchObject({ unreadable: null, readings: [{ kind: 'sos' }] });
  });

  it.each([
    ['sw/hub-1/down', false],
    ['sw/hub-1/up/x', false],
    ['sw/up', false],
    ['zigbee2mqtt/door', false],
    ['somewhere/emergency', true],
  ])('the topic %s is unknown', (topic, emergency) => {
    expect(one({ kind: 'sos' }, topic).unreadable).toEqual({ reason: 'unknown_topic', emergency });
  });

  it('keeps its number, so that it can be recognised when it comes again', () => {
    expect(said({ boot: 'b1', seq: 3, readings: [7] }, emergencyTopic).event).toMatchObject({ boot: 'b1', seq: 3 });
  });

  it.each([
    [1_790_000_000_000, 1_790_000_000_000],
    ['1970-01-01T00:00:08Z', 8_000],
    ['yesterday', null],
    [undefined, null],
  ])('bears the time that it was made as its hub says it, right or wrong: %s', (ts, clockAt) => {
    expect(said({ boot: 'b1', seq: 3, ts, sent: 5, readings: [] }).event).toEqual({ boot: 'b1', seq: 3, clockAt });
  });
});

it('takes no readings for a heartbeat of the hub', () => {
  expect(said({ boot: 'b1', seq: 3, readings: [] })).toMatchObject({
    readings: [{ device: '', kind: 'heartbeat' }],
    event: { boot: 'b1', seq: 3 },
  });
});

it.each([
  { boot: 'b1', seq: -1 },
  { boot: 'b1', seq: 1.5 },
  { boot: 'b1', seq: 2 ** 53 },
  { boot: 'b1', seq: '7' },
  { boot: '', seq: 1 },
  { boot: 'x'.repeat(65), seq: 1 },
  { seq: 1 },
  {},
])('%j is no identity, and the reading counts all the same', (identity) => {
  const decoded = said({ ...identity, readings: [{ kind: 'sos', device: 'b', value: true }] });
  expect(decoded).toMatchObject({ event: null, readings: [{ kind: 'sos', value: true }] });
});

describe('age', () => {
  const minute = 60_000;
  it.each([
    ['of a message made now', { ts: '2026-11-22T12:00:00Z' }, undefined, 0, 'device'],
    ['of one made an hour ago', { ts: '2026-11-22T11:00:00Z' }, undefined, 60 * minute, 'device'],
    ['with another zone', { ts: '2026-11-22T19:00:00+08:00' }, undefined, 60 * minute, 'device'],
    ['with a zone without a colon', { ts: '2026-11-22T19:00:00+0800' }, undefined, 60 * minute, 'device'],
    ['in ms', { ts: noon - minute }, undefined, minute, 'device'],
    ['of a reading older than its message', { ts: noon }, noon - 5 * minute, 5 * minute, 'device'],
    ['a little ahead of us', { ts: noon + minute }, undefined, 0, 'device'],
    ['far ahead of us', { ts: noon + 3 * minute }, undefined, 0, 'implausible'],
    ['in 1970', { ts: '1970-01-01T00:10:00Z' }, undefined, 0, 'implausible'],
    ['in seconds', { ts: noon / 1_000 }, undefined, 0, 'implausible'],
    ['without a zone', { ts: '2026-11-22T11:00:00' }, undefined, 0, 'implausible'],
    ['that is no time', { ts: 'yesterday' }, undefined, 0, 'implausible'],
    ['that is no date', { ts: '2026-13-45T11:00:00Z' }, undefined, 0, 'implausible'],
    ['that was not told', {}, undefined, 0, 'none'],
    ['told by the reading alone', {}, noon - minute, minute, 'device'],
    ['by a clock in 1970', { ts: 60_000, sent: 120_000 }, undefined, minute, 'device'],
    [
      'by a clock a year ahead',
      { ts: '2027-11-22T12:00:00Z', sent: '2027-11-24T12:00:00Z' },
      undefined,
      2_880 * minute,
      'device',
    ],
    [
      'of a reading by a clock a year behind',
      { ts: 1, sent: '2025-11-22T12:00:00Z' },
      '2025-11-22T11:50:00Z',
      10 * minute,
      'device',
    ],
    ['by a clock that began anew at its maker’s date', { ts: '2024-01-01T00:00:00Z' }, undefined, 0, 'implausible'],
    ['when such a clock was set in between', { ts: '2024-01-01T00:00:00Z', sent: noon }, undefined, 0, 'implausible'],
    ['of a backlog of 30 days', { ts: noon - 43_200 * minute }, undefined, 43_200 * minute, 'device'],
    ['when the clock was set in between', { ts: 60_000, sent: noon }, undefined, 0, 'implausible'],
    ['when the clock was set back in between', { ts: noon, sent: noon - 60 * minute }, undefined, 0, 'implausible'],
    ['with a time of sending that is none', { ts: noon - minute, sent: 'now' }, undefined, minute, 'device'],
  ])('%s', (_, times, at, ageMs, clock) => {
    const decoded = said({ ...times, readings: [{ kind: 'motion', device: 'd', value: true, at }] });
    expect(decoded.readings[0]).toMatchObject({ ageMs, clock });
  });
});

describe('bounds', () => {
  const many = (count: number) => ({
    boot: 'b',
    seq: 1,
    ts: noon,
    readings: Array.from({ length: count }, (_, i) => ({
      kind: 'motion',
      device: 'p',
      value: true,
      at: noon - i * 1_000,
    })),
  });

  it('takes a late batch of 20,000 readings', () => {
    const { readings } = said(many(20_000));
    expect(readings).toHaveLength(20_000);
    expect(readings.at(-1)?.ageMs).toBe(19_999_000);
  });

  it('refuses more in one message', () => {
    expect(said(many(20_001)).unreadable?.reason).toBe('not_our_shape');
  });

  it('refuses a device’s name that is too long', () => {
    expect(one({ kind: 'motion', value: true, device: 'd'.repeat(257) }).readings).toEqual([]);
  });

  it('reads a text with brackets in it, however long', () => {
    const note = '"['.repeat(5_000);
    expect(said({ note, readings: [{ kind: 'motion', device: 'd', value: true }] }).unreadable).toBeNull();
  });
});

it('acknowledges beside the topic on which the event came', () => {
  expect(acknowledgement(emergencyTopic, { boot: 'b1', seq: 12 }, 'shouwang')).toEqual({
    topic: 'sw/hub-1/down',
    payload: '{"ack":{"boot":"b1","seq":12}}',
  });
  expect(acknowledgement('zigbee2mqtt/button', { boot: 'b1', seq: 12 }, 'zigbee2mqtt')).toBeNull();
});
