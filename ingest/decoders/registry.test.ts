import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ecosystem } from '../../domain/hub.ts';
import type { Decoded, Packet } from '../../domain/packet.ts';
import { type Catalogue, catalogue, reading } from '../../domain/reading.ts';
import { decode } from './registry.ts';

const described: Catalogue = Object.fromEntries(
  ['door', 'hall/smoke', '__proto__', 'constructor'].map((name) => [
    name,
    {
      model: 'm',
      vendor: 'v',
      power: 'battery',
      address: '0x1',
      properties: {
        smoke: { kind: 'smoke', on: [true] },
        contact: { kind: 'open', on: [false] },
        battery: { kind: 'battery' },
      },
    },
  ]),
);

const words = fc.constantFrom(
  'sw',
  'hub',
  'up',
  'emergency',
  'down',
  'zigbee2mqtt',
  'door',
  'hall',
  'smoke',
  'bridge',
  'devices',
  'state',
  'availability',
  'set',
  '__proto__',
  'constructor',
  'toString',
  '',
  '老',
  '\u0000',
  '\ud800',
);
const topics = fc.oneof(
  fc.array(words, { maxLength: 6 }).map((levels) => levels.join('/')),
  fc.constantFrom(
    'sw/h/up',
    'sw/h/emergency',
    'zigbee2mqtt/door',
    'zigbee2mqtt/hall/smoke',
    'zigbee2mqtt/bridge/devices',
  ),
  fc.string({ unit: 'binary' }),
);

const keys = fc.constantFrom(
  'boot',
  'seq',
  'ts',
  'sent',
  'readings',
  'kind',
  'device',
  'value',
  'unit',
  'at',
  'smoke',
  'contact',
  'battery',
  'action',
  'test',
  'last_seen',
  'illuminance_lux',
  'definition',
  'exposes',
  'features',
  'friendly_name',
  'type',
  'name',
  'property',
  'access',
  'values',
  'value_on',
  'model',
  '__proto__',
  'constructor',
  'hasOwnProperty',
);
const leaves = fc.oneof(
  fc.constantFrom<unknown>(
    'sos',
    'motion',
    'weight',
    'kPa',
    '[degF]',
    'emergency',
    'binary',
    'enum',
    'numeric',
    true,
    false,
    null,
    '',
    0,
    1,
    -1,
    1e308,
    5e-324,
    2 ** 53 + 2,
    -8.64e15,
    '2026-11-22T02:10:00Z',
    '+275760-09-13T00:00:00Z',
    '9999-99-99T99:99:99Z',
  ),
  fc.double(),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const bodies = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    leaves,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(keys, tie('value'), { maxKeys: 8 }),
  ),
})).value;
const messages = fc.record({
  boot: leaves,
  seq: leaves,
  ts: leaves,
  sent: leaves,
  readings: fc.array(fc.dictionary(keys, leaves)),
});

const utf8 = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value) ?? '');
const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ unit: 'binary' }).map((text): Uint8Array => Buffer.from(text)),
  bodies.map(utf8),
  messages.map(utf8),
  fc.tuple(messages, fc.nat(), fc.nat(255)).map(([message, at, byte]) => {
    const bytes = utf8(message);
    bytes[at % bytes.length] = byte;
    return bytes;
  }),
);

const packetOf = (topic: string, payload: Uint8Array): Packet => ({
  kind: 'packet',
  hubId: 'h',
  topic,
  payload,
  qos: 1,
  retain: false,
  receivedAt: Date.UTC(2026, 10, 22),
  monotonicAt: 0,
});

/** What every decoder promises of everything it returns. */
function keepsItsWord(decoded: Decoded): void {
  for (const one of decoded.readings) expect(reading.safeParse(one).error).toBeUndefined();
  if (decoded.catalogue) expect(catalogue.safeParse(decoded.catalogue).error).toBeUndefined();
  expect(decoded.readings.length > 0).toBe(decoded.unreadable === null);
}

it.each(ecosystem.options)('%s: whatever comes is read or refused, and never throws', (name) => {
  fc.assert(
    fc.property(topics, payloads, fc.constantFrom(null, described), (topic, payload, known) => {
      keepsItsWord(
        decode(packetOf(topic, payload), { hubId: 'h', householdId: 'x', catalogue: known, ecosystem: name }),
      );
    }),
    { numRuns: 3_000 },
  );
});

const million = 1_000_000;
const nested = (open: string, close: string, depth: number) => `${open.repeat(depth)}${close.repeat(depth)}`;
const exposed = (depth: number) =>
  `[{"friendly_name":"x","definition":{"exposes":${'[{"type":"switch","features":'.repeat(depth)}[]${'}]'.repeat(depth)}}}]`;

it.each([
  ['100,000 arrays in each other', nested('[', ']', 100_000)],
  ['objects in each other', nested('{"a":', '}', 60_000).replace('{"a":}', '{"a":1}')],
  ['arrays that never close', '['.repeat(million)],
  ['arrays just short enough to be parsed unseen', nested('[', ']', 2_047)],
  ['1 MB of text', JSON.stringify({ readings: [{ kind: 's'.repeat(million) }] })],
  ['1 MB of quotes', '"\\'.repeat(million / 2)],
  ['a name of 1 MB', JSON.stringify({ [`${'_1'.repeat(million / 2)}x`]: true })],
  ['100,000 properties', JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`p_${i}`, i])))],
  ['1 MB of empty readings', `{"readings":[${'{},'.repeat(19_000)}{}]}`],
  ['features in each other', exposed(15)],
  ['10,000 devices', `[${'{"friendly_name":"a","definition":{"exposes":[]}},'.repeat(10_000)}{}]`],
])('%s cost no more than a moment', (_, text) => {
  const payload = Buffer.from(text);
  for (const name of ecosystem.options) {
    for (const topic of [
      'sw/h/emergency',
      'zigbee2mqtt/door',
      'zigbee2mqtt/hall/smoke',
      'zigbee2mqtt/bridge/devices',
      'a/'.repeat(30_000),
    ]) {
      const started = performance.now();
      keepsItsWord(
        decode(packetOf(topic, payload), { hubId: 'h', householdId: 'x', catalogue: described, ecosystem: name }),
      );
      expect(performance.now() - started).toBeLessThan(1_000);
    }
  }
});
