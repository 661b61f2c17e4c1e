import type { Dice } from '../../../device-sim/dice.ts';
import { nastyTexts } from '../nasty-texts.ts';
import type { Schema } from './api-description.ts';

/** Ids that exist, by what they are of, so that a request can be about something. */
export type Known = Readonly<Record<string, readonly string[]>>;

const oneOf = <T>(dice: Dice, from: readonly T[]): T => dice.pick(from as readonly [T, ...T[]]);

/** Which ids a property or parameter of this name takes. */
const idKinds: Readonly<Record<string, string>> = {
  ...{
    stationId: 'area',
    areaId: 'area',
    parentId: 'area',
    householdId: 'household',
    hubId: 'hub',
    noticeIds: 'notice',
  },
};

function textOf(name: string, schema: Schema, dice: Dice, known: Known): string {
  const ids = known[idKinds[name] ?? ''];
  if (ids && ids.length > 0 && dice.chance(0.8)) return oneOf(dice, ids);
  if (schema.format === 'uri')
    return oneOf(dice, ['http://127.0.0.1:9/x', 'https://a.invalid/', 'file:///etc/passwd', 'x:y']);
  if (name === 'clientId') return `hub-${dice.whole(0, 1e9)}`;
  if (name === 'phone') return oneOf(dice, ['110', '+86 816 123456', '000-0000-0001']);
  if (name === 'zone')
    return oneOf(dice, ['Asia/Shanghai', 'Europe/Paris', 'asia/urumqi', '+08:00', 'Mars/Olympus', '']);
  if (name === 'login') return oneOf(dice, [`user-${dice.whole(0, 1e9)}`, 'owner', 'İ'.repeat(dice.whole(3, 64))]);
  const { minLength = 0, maxLength = 200 } = schema;
  const text = dice.chance(0.5) ? oneOf(dice, nastyTexts) : '测试 test '.repeat(dice.whole(0, 3));
  if (dice.chance(0.05)) return '长'.repeat(maxLength);
  return [...text.padEnd(minLength, 'x')].slice(0, maxLength).join('').slice(0, maxLength);
}

function numberOf({ type, minimum, maximum }: Schema, dice: Dice): number {
  const [low, high] = [minimum ?? -1e6, maximum ?? 1e6];
  const edges = [low, high, 0, 1, Date.now(), 1.5, 2 ** 31, 2 ** 53 - 1].filter((n) => n >= low && n <= high);
  const number = dice.chance(0.6) ? oneOf(dice, edges) : dice.between(Math.max(low, -1e6), Math.min(high, 1e6));
  return type === 'integer' ? Math.trunc(number) : number;
}

/** What a schema asks for, at least by its looks. */
export function sampleOf(schema: Schema, dice: Dice, known: Known, name = ''): unknown {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return sampleOf(oneOf(dice, choices), dice, known, name);
  if ('const' in schema) return schema.const;
  if (schema.enum) return oneOf(dice, schema.enum);
  const type = typeof schema.type === 'string' ? schema.type : oneOf(dice, schema.type ?? ['string', 'number', 'null']);
  switch (type) {
    case 'object':
      return objectOf(schema, dice, known);
    case 'array':
      return arrayOf(schema, dice, known, name);
    case 'string':
      return textOf(name, schema, dice, known);
    case 'boolean':
      return dice.chance(0.5);
    case 'null':
      return null;
    default:
      return numberOf({ ...schema, type }, dice);
  }
}

function objectOf(schema: Schema, dice: Dice, known: Known): Record<string, unknown> {
  const { properties = {}, required = [], propertyNames, additionalProperties } = schema;
  const named = Object.entries(properties)
    .filter(([name]) => required.includes(name) || dice.chance(0.5))
    .map(([name, of]) => [name, sampleOf(of, dice, known, name)] as const);
  const others =
    typeof additionalProperties === 'object' && dice.chance(0.5)
      ? [
          [
            String(propertyNames?.enum ? oneOf(dice, propertyNames.enum) : 'x'),
            sampleOf(additionalProperties, dice, known),
          ] as const,
        ]
      : [];
  return Object.fromEntries([...named, ...others]);
}

function arrayOf(
  { prefixItems, items, minItems = 0, maxItems = 3 }: Schema,
  dice: Dice,
  known: Known,
  name: string,
): unknown[] {
  if (prefixItems) return prefixItems.map((of) => sampleOf(of, dice, known, name));
  const length = dice.whole(minItems, Math.max(minItems, Math.min(maxItems, 3)));
  return Array.from({ length }, () => sampleOf(typeof items === 'object' ? items : {}, dice, known, name));
}

const strangers: readonly ((dice: Dice) => unknown)[] = [
  (dice) => oneOf(dice, nastyTexts),
  (dice) => oneOf(dice, ['a\u0000b', '\ud800', '\udfff x', '\ufffe', 'x'.repeat(10_000), '']),
  (dice) => oneOf(dice, [1e308, -1e308, 2 ** 53, -(2 ** 63), 2 ** 31, -1, 0.1, 1e-320, -0]),
  (dice) => oneOf<unknown>(dice, [null, true, [], {}, [[]], { constructor: { prototype: 1 } }]),
];

/** Puts something else, nothing or one thing more in some place of a value. */
export function spoilt(value: unknown, dice: Dice): unknown {
  const isInner = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  if (!isInner || dice.chance(0.1)) return oneOf(dice, strangers)(dice);
  if (Array.isArray(value)) {
    const at = dice.whole(0, value.length - 1);
    return dice.chance(0.2) ? [...value, ...value] : value.with(at, spoilt(value[at], dice));
  }
  const entries = Object.entries(value);
  const at = dice.whole(0, entries.length - 1);
  const [name, inner] = entries[at] ?? ['', null];
  if (dice.chance(0.1)) return Object.fromEntries(entries.toSpliced(at, 1));
  if (dice.chance(0.1)) return { ...value, [oneOf(dice, nastyTexts)]: 1 };
  return { ...value, [name]: spoilt(inner, dice) };
}
