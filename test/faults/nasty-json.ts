import fc from 'fast-check';
import { readingKind } from '../../domain/reading.ts';
import { nastyTexts } from './nasty-texts.ts';

/** JSON as text and not as values, since what is nastiest about it no value can say: numbers beyond numbers, keys twice, half of a pair. */

const quoted = (text: string): string => JSON.stringify(text);

const numbers = fc.constantFrom(
  ...['0', '-0', '1', '-1', '0.1', '1e999', '-1e999', '1e-400', '9007199254740993', '-9007199254740993'],
  ...[
    '8.64e15',
    '8640000000000001',
    '1e15',
    '253402300800000',
    '1.7976931348623157e308',
    '123456789012345678901234567890',
  ],
);
/** What is none, and is written all the same. */
const noNumbers = fc.constantFrom('NaN', 'Infinity', '-Infinity', '0x10', '01', '.5', '1.', '+1', 'undefined', "'x'");
const strings = fc.oneof(
  fc.constantFrom(...nastyTexts).map(quoted),
  fc.constantFrom(
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"\\udc00x"',
    '"\\ud83d"',
    '"\\u202e"',
    '"\\ufeff"',
    '"\\x"',
  ),
  fc.constantFrom('"1"', '"yes"', '"ON"', '"120"', '"NaN"', '"2026-11-22T18:10:00Z"', '"1970-01-01T00:00:00Z"'),
  fc.string({ unit: 'binary', maxLength: 40 }).map(quoted),
  fc.constantFrom(300, 5_000).map((length) => quoted('长'.repeat(length))),
);
const scalars = fc.oneof(numbers, strings, fc.constantFrom('true', 'false', 'null'));
const keys = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'length', 'readings', 'device', 'kind', 'value').map(quoted),
  strings,
);

const objectOf = (pairs: readonly (readonly [string, string])[]): string =>
  `{${pairs.map(([key, value]) => `${key}:${value}`).join(',')}}`;

const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalars,
    fc.array(tie('value'), { maxLength: 4 }).map((of) => `[${of.join(',')}]`),
    fc.array(fc.tuple(keys, tie('value')), { maxLength: 4 }).map(objectOf),
  ),
}));
export const jsonTexts: fc.Arbitrary<string> = fc.oneof(
  { weight: 40, arbitrary: value },
  { weight: 4, arbitrary: noNumbers },
  { weight: 1, arbitrary: fc.constantFrom(10, 65, 10_000).map((deep) => '['.repeat(deep) + ']'.repeat(deep)) },
  { weight: 1, arbitrary: fc.constantFrom(10, 10_000).map((deep) => '{"a":'.repeat(deep)) },
);

const mostly = (plausible: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 6, arbitrary: plausible }, { weight: 1, arbitrary: jsonTexts });
const from = (...texts: string[]) => fc.constantFrom(...texts).map(quoted);

/** Its members in any order, some missing, some twice. */
const members = (all: Readonly<Record<string, fc.Arbitrary<string>>>): fc.Arbitrary<string> => {
  const pairs = Object.entries(all).map(([key, of]) => of.map((text) => [quoted(key), text] as const));
  return fc
    .tuple(fc.tuple(...pairs), fc.array(fc.tuple(keys, jsonTexts), { maxLength: 1 }), fc.nat(), fc.nat(20))
    .map(([said, more, turn, cut]) => {
      const turned = [...said.slice(turn % said.length), ...said.slice(0, turn % said.length), ...more];
      return objectOf(cut === 0 ? turned.slice(1) : cut === 1 ? [...turned, ...turned.slice(0, 1)] : turned);
    });
};

const times = fc.oneof(
  fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }).map(String),
  from(
    '2026-11-22T18:10:00Z',
    '2026-11-22T18:10:00+08:00',
    '1970-01-01T00:00:07Z',
    '9999-12-31T23:59:59Z',
    'yesterday',
  ),
  numbers,
);
const kinds = fc.oneof(from(...readingKind.options), from('SOS ', 'Smoke', 'unheard_of'));
const values = fc.oneof(fc.constantFrom('true', 'false', '1', '0', '72', '36.6', '"on"', '"off"', '"maybe"'), numbers);
const reading = members({
  kind: mostly(kinds),
  device: mostly(from('button', 'cuff', 'kitchen', '', '__proto__')),
  value: mostly(values),
  unit: fc.oneof(fc.constant('null'), from('Cel', '[degF]', 'mm[Hg]', 'kPa', '{beats}/min', 'constructor')),
  at: mostly(fc.oneof(fc.constant('null'), times)),
});
const readings = fc.array(mostly(reading), { maxLength: 5 }).map((of) => `[${of.join(',')}]`);
/** A message of our own protocol, or what is left of one. */
export const ourMessages = members({
  boot: mostly(from('b1', 'b2', '')),
  seq: mostly(fc.oneof(fc.nat(1_000).map(String), numbers)),
  ts: mostly(times),
  sent: mostly(times),
  readings: mostly(readings),
});

const properties = [
  'contact',
  'occupancy',
  'smoke',
  'water_leak',
  'battery',
  'temperature',
  'action',
  'alarm',
  'last_seen',
];
/** A device's state as Zigbee2MQTT publishes it. */
export const states = members(
  Object.fromEntries(properties.map((name) => [name, mostly(fc.oneof(values, from('emergency', 'single', '')))])),
);
const expose = members({
  type: mostly(from('binary', 'enum', 'numeric', 'composite', 'light')),
  name: mostly(from(...properties)),
  property: mostly(from(...properties, '__proto__')),
  access: mostly(fc.nat(7).map(String)),
  value_on: mostly(fc.constantFrom('true', 'false', '"ON"')),
  values: mostly(fc.constant('["emergency","off"]')),
  unit: mostly(from('%', '°C', 'lx', '')),
  features: mostly(fc.constant('null')),
});
const described = members({
  friendly_name: mostly(from('pendant', 'kitchen/smoke', '__proto__', 'constructor', '')),
  ieee_address: mostly(from('0x00158d0000000001')),
  type: mostly(from('EndDevice', 'Coordinator')),
  power_source: mostly(from('Battery')),
  definition: mostly(
    members({
      model: mostly(from('TS0215A_sos')),
      vendor: mostly(from('Tuya')),
      description: mostly(from('SOS button', 'Smoke sensor')),
      exposes: mostly(fc.array(mostly(expose), { maxLength: 4 }).map((of) => `[${of.join(',')}]`)),
    }),
  ),
});
/** What Zigbee2MQTT says of a home's devices. */
export const catalogues = fc.array(mostly(described), { maxLength: 4 }).map((of) => `[${of.join(',')}]`);

const damages: readonly ((text: Buffer, at: number) => Buffer)[] = [
  (text, at) => text.subarray(0, at),
  (text) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), text]),
  (text, at) => Buffer.concat([text.subarray(0, at), Buffer.from([0xed, 0xa0, 0x80]), text.subarray(at)]),
  (text, at) => Buffer.concat([text.subarray(0, at), Buffer.from([0]), text.subarray(at)]),
  (text, at) => Buffer.concat([text, text.subarray(at)]),
  (text, at) => Buffer.from(text).fill(at & 255, at, Math.min(at + 1, text.length)),
];

/** Any of these as bytes, one in five damaged on the way. */
export const payloads: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.oneof(
      { weight: 5, arbitrary: ourMessages },
      { weight: 3, arbitrary: states },
      { weight: 2, arbitrary: catalogues },
      { weight: 2, arbitrary: jsonTexts },
    ),
    fc.nat(5 * damages.length - 1),
    fc.nat(),
  )
  .map(([text, which, at]) => {
    const bytes = Buffer.from(text);
    return damages[which]?.(bytes, at % (bytes.length + 1)) ?? bytes;
  });
