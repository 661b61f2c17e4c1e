import * as z from 'zod';
import type { Catalogue } from '../../domain/reading.ts';
import {
  binaries,
  byDescription,
  callsForHelp,
  enumerations,
  isEmergencyButton,
  isLetGo,
  isUnspecificAlarm,
  type Meaning,
  measures,
  notADoor,
  presses,
  withoutEndpoint,
} from './zigbee2mqtt-spellings.ts';

const MAX_DEVICES = 500;
const MAX_EXPOSES = 500;
const MAX_FEATURE_DEPTH = 4;

const published = z.union([z.string().max(100), z.boolean(), z.number()]);
const text = z.string().max(1_000).nullish().catch(null);

const described = z.object({
  ieee_address: text,
  type: text,
  friendly_name: z.string().min(1).max(256),
  power_source: text,
  model_id: text,
  definition: z
    .object({ model: text, vendor: text, description: text, exposes: z.array(z.unknown()).nullish().catch(null) })
    .nullish()
    .catch(null),
});

const expose = z.object({
  type: z.string(),
  name: z.string().max(100).optional(),
  property: z.string().max(100).optional(),
  /** Bits: 1 published in the state, 2 can be set, 4 can be read. */
  access: z.number().optional(),
  category: z.string().nullish(),
  unit: z.string().nullish(),
  value_on: published.optional(),
  values: z.array(published).max(200).optional().catch(undefined),
  /** Left unknown: each is looked at in its turn, so that no depth of nesting is followed. */
  features: z.array(z.unknown()).optional(),
});
type Expose = z.infer<typeof expose>;

/** The exposes that publish a value of their own at the top level of the state; a composite's are nested in its own. */
function flat(exposes: readonly unknown[], depth = 0): Expose[] {
  return exposes.slice(0, MAX_EXPOSES).flatMap((one) => {
    const parsed = expose.safeParse(one);
    if (!parsed.success) return [];
    const { type, features } = parsed.data;
    if (!features) return [parsed.data];
    return type === 'composite' || depth === MAX_FEATURE_DEPTH ? [] : flat(features, depth + 1);
  });
}

/** What can be set is a setting; contacts of a few models are marked so by mistake. */
const isReading = ({ access = 1, category, type, name }: Expose): boolean =>
  (access & 1) === 1 && category !== 'config' && (type === 'numeric' || (access & 2) === 0 || name === 'contact');

const wordsOf = ({ values }: Expose): string[] => (values ?? []).filter((value) => typeof value === 'string');

function actionMeaning(one: Expose, emergencyButton: boolean): Meaning | null {
  const words = wordsOf(one);
  const on = emergencyButton
    ? [...new Set([...words.filter((word) => !isLetGo(word)), ...presses])]
    : words.filter((word) => callsForHelp.test(word));
  return on.length > 0 ? { kind: 'sos', on } : null;
}

function meaningOf(one: Expose, model: string, description: string): Meaning | null {
  const name = withoutEndpoint(one.name ?? one.property ?? '');
  switch (one.type) {
    case 'binary': {
      const kind = name === 'contact' && !notADoor.test(description) ? 'open' : binaries.get(name);
      return kind ? { kind, on: [one.value_on ?? name !== 'contact'] } : null;
    }
    case 'enum': {
      if (name === 'action') return actionMeaning(one, isEmergencyButton(model, description));
      const known = enumerations.get(name);
      const on = wordsOf(one).filter((word) => known?.on.includes(word.toLowerCase()));
      return known && on.length > 0 ? { kind: known.kind, on } : null;
    }
    case 'numeric': {
      const known = measures.get(name);
      return known?.units.includes(one.unit ?? '') ? { kind: known.kind } : null;
    }
    default:
      return null;
  }
}

/** `alarm` alone: what it is about is told by the description, unless a property of the device says it better. */
function alarmMeaning(one: Expose, description: string): Meaning | null {
  if (!isUnspecificAlarm(withoutEndpoint(one.name ?? ''))) return null;
  const kind = byDescription.find(([pattern]) => pattern.test(description))?.[1];
  if (!kind) return null;
  if (one.type === 'binary') return { kind, on: [one.value_on ?? true] };
  return wordsOf(one).includes('alarm') ? { kind, on: ['alarm'] } : null;
}

function propertiesOf(exposes: readonly unknown[], model: string, description: string): Record<string, Meaning> {
  const readings = flat(exposes).filter(isReading);
  const meant = (find: (one: Expose) => Meaning | null): [string, Meaning][] =>
    readings.flatMap((one) => {
      const property = one.property ?? one.name;
      const meaning = find(one);
      return property !== undefined && meaning ? [[property, meaning]] : [];
    });
  const specific = meant((one) => meaningOf(one, model, description));
  const said = new Set(specific.map(([, { kind }]) => kind));
  const unspecific = meant((one) => alarmMeaning(one, description)).filter(([, { kind }]) => !said.has(kind));
  // Not an assignment: a property named __proto__ stays a property.
  return Object.fromEntries([...specific, ...unspecific]);
}

function powerOf(source: string | null | undefined): Catalogue[string]['power'] {
  if (!source) return 'unknown';
  return /battery/i.test(source) ? 'battery' : /mains|dc source/i.test(source) ? 'mains' : 'unknown';
}

/** The published `bridge/devices`, reduced to what decoding needs; null when it is not one. A device that is odd is left out alone. */
export function catalogueOf(devices: unknown): Catalogue | null {
  if (!Array.isArray(devices)) return null;
  const entries = devices.slice(0, MAX_DEVICES).flatMap((one): [string, Catalogue[string]][] => {
    const parsed = described.safeParse(one);
    if (!parsed.success || parsed.data.type === 'Coordinator') return [];
    const { friendly_name, ieee_address, power_source, model_id, definition } = parsed.data;
    const model = definition?.model ?? model_id ?? '';
    return [
      [
        friendly_name,
        {
          model,
          vendor: definition?.vendor ?? '',
          power: powerOf(power_source),
          address: ieee_address ?? '',
          properties: propertiesOf(definition?.exposes ?? [], model, definition?.description ?? ''),
        },
      ],
    ];
  });
  return Object.fromEntries(entries);
}
