import type { Catalogue, ReadingKind } from '../../domain/reading.ts';

/**
 * How the 4,516 device definitions of zigbee-herdsman-converters 26.112.0 spell what we read. Facts only, found by listing
 * their published properties; settings of the same names were left out.
 */

export type Meaning = Catalogue[string]['properties'][string];

/** A property without what tells several of a kind on one device apart: `occupancy_1`, `water_leak_zone_2`, `channel_3_leak_detect_19`. */
export const withoutEndpoint = (property: string): string =>
  property
    .replace(/^(?:channel|input)_\d{1,2}_/, '')
    .replace(/_(?:(?:l|ch|ep|zone_|wire_)?\d{1,2}|left|right|both_zones)$/, '');

/** Binary properties: true means the thing itself. A contact is apart, since its false means open. */
export const binaries: ReadonlyMap<string, ReadingKind> = new Map([
  ['sos', 'sos'],
  ['sos_alarm', 'sos'],
  ['smoke', 'smoke'],
  ['smoke_alarm', 'smoke'],
  ['gas', 'gas'],
  ['gas_alarm', 'gas'],
  ['carbon_monoxide', 'carbon_monoxide'],
  ['carbon_monoxide_alarm', 'carbon_monoxide'],
  ['water_leak', 'water_leak'],
  ['water_leak_alarm', 'water_leak'],
  ['active_water_leak', 'water_leak'],
  ['leak_detect', 'water_leak'],
  ['occupancy', 'motion'],
  ['occupancy_alarm', 'motion'],
  ['occupancy_or', 'motion'],
  ['occupancy_status', 'motion'],
  ['pir_detection', 'motion'],
  ['presence', 'presence'],
  ['vibration', 'vibration'],
  ['contact_alarm', 'open'],
  ['tamper', 'tamper'],
  ['tamper_alarm', 'tamper'],
  ['battery_low', 'battery_low'],
  ['test', 'test'],
]);

/** Enumerations: the words that mean the thing, of all those a property may say. A warning before a fall is not a fall. */
export const enumerations: ReadonlyMap<string, { readonly kind: ReadingKind; readonly on: readonly string[] }> =
  new Map([
    ['fall_status', { kind: 'fall', on: ['fall_alarm'] }],
    ['fall_down_status', { kind: 'fall', on: ['fall'] }],
    ['status', { kind: 'fall', on: ['falling'] }],
    ['smoke_state', { kind: 'smoke', on: ['alarm'] }],
    ['gas_sensor_state', { kind: 'gas', on: ['alarm'] }],
    ['co_state', { kind: 'carbon_monoxide', on: ['alarm'] }],
    ['water_leakage_state', { kind: 'water_leak', on: ['water_leakage_yes'] }],
    ['door_state', { kind: 'open', on: ['open', 'error_forced_open'] }],
    ['opening_state', { kind: 'open', on: ['open', 'tilted'] }],
    ['state', { kind: 'presence', on: ['presence', 'move'] }],
    [
      'presence_state',
      { kind: 'presence', on: ['presence', 'motion', 'stationary', 'peaceful', 'small_movement', 'large_movement'] },
    ],
    ['human_motion_state', { kind: 'motion', on: ['active', 'motion', 'small', 'large'] }],
    ['motion_state', { kind: 'motion', on: ['small', 'medium', 'large', 'far', 'near'] }],
    ['battery_state', { kind: 'battery_low', on: ['low'] }],
  ]);

/** Numbers, and the units in which they are ours. A gas in %LEL or m³ is none; an illuminance without lx is a raw value. */
export const measures: ReadonlyMap<string, { readonly kind: ReadingKind; readonly units: readonly string[] }> = new Map(
  [
    ['battery', { kind: 'battery', units: ['%', ''] }],
    ['temperature', { kind: 'temperature', units: ['°C'] }],
    ['local_temperature', { kind: 'temperature', units: ['°C'] }],
    ['humidity', { kind: 'humidity', units: ['%', ''] }],
    ['illuminance', { kind: 'illuminance', units: ['lx'] }],
    ['illuminance_lux', { kind: 'illuminance', units: ['lx'] }],
    ['heart_rate', { kind: 'heart_rate', units: ['bpm', '/min', 'beats/min'] }],
    ['breathing_rate', { kind: 'respiration', units: ['breaths/min', '/min'] }],
  ],
);

/** What an alarm is about when its property says only `alarm`: the definition's description tells. The first that fits counts. */
export const byDescription: readonly (readonly [RegExp, ReadingKind])[] = [
  [/smoke|heat alarm|fire alarm/i, 'smoke'],
  [/carbon monoxide|\bCO\b/, 'carbon_monoxide'],
  [/\bgas\b/i, 'gas'],
  [/leak|flood/i, 'water_leak'],
  [/fall detect/i, 'fall'],
  [/vibration/i, 'vibration'],
  [/\b(?:door|window|opening)\b/i, 'open'],
  [/motion|\bPIR\b|presence/i, 'motion'],
];
export const isUnspecificAlarm = (name: string): boolean => /^(?:alarm|alarm_alarm|alarm_status)$/.test(name);

/** Contacts that are not of a door: under a mattress, on a keypad's case, in a tank. */
export const notADoor = /sleep|mattress|\bbed\b|keypad|water level/i;

/** `emergency`, `panic` and `sos`, on any endpoint. */
export const callsForHelp = /^(?:emergency|panic|sos)(?:_(?:l?\d{1,2}|left|right))?$/i;

/** Emergency buttons that publish an ordinary single, double or hold: only the model tells. */
const emergencyModels = new Set(['HS1EB', 'HS1EB-E', 'SE20-O', 'SE21', 'MIR-SO100']);
export const isEmergencyButton = (model: string, description: string): boolean =>
  model.split('/').some((one) => emergencyModels.has(one.trim())) ||
  /\b(?:sos|panic|emergency)\b.*\bbutton\b/i.test(description);
/** What such a button publishes when it is pressed, and when it is let go. */
export const presses: readonly string[] = ['single', 'double', 'triple', 'hold', 'long', 'emergency', 'panic', 'sos'];
export const isLetGo = (action: string): boolean => /^(?:off|release|released)?$/.test(action);

/** What a property means by its name alone, when no catalogue tells. */
export function plainMeaning(property: string): Meaning | null {
  if (property === 'action') return { kind: 'sos', on: ['emergency', 'panic', 'sos'] };
  const name = withoutEndpoint(property);
  if (name === 'contact') return { kind: 'open', on: [false] };
  const binary = binaries.get(name);
  if (binary) return { kind: binary, on: [true] };
  const enumeration = enumerations.get(name);
  if (enumeration) return { kind: enumeration.kind, on: [...enumeration.on] };
  const measure = measures.get(name);
  return measure ? { kind: measure.kind } : null;
}
