import * as z from 'zod';

/**
 * What can be read. `shape`: a momentary event counts every time, a state counts when it changes, a measure is a number in a
 * UCUM unit. `retain` names the class by which series are kept. LOINC codes are those of the FHIR vital-signs profiles.
 */
export const readingKinds = {
  sos: { shape: 'momentary', retain: 'event', critical: true },
  fall: { shape: 'momentary', retain: 'event', critical: true },
  smoke: { shape: 'state', retain: 'event', critical: true },
  gas: { shape: 'state', retain: 'event', critical: true },
  carbon_monoxide: { shape: 'state', retain: 'event', critical: true },
  water_leak: { shape: 'state', retain: 'event', critical: true },
  motion: { shape: 'state', retain: 'activity', critical: false },
  presence: { shape: 'state', retain: 'activity', critical: false },
  vibration: { shape: 'state', retain: 'activity', critical: false },
  /** A door or window: true is open, whatever the sensor calls it. */
  open: { shape: 'state', retain: 'event', critical: false },
  systolic: { shape: 'measure', unit: 'mm[Hg]', loinc: '8480-6', retain: 'vital', critical: false },
  diastolic: { shape: 'measure', unit: 'mm[Hg]', loinc: '8462-4', retain: 'vital', critical: false },
  heart_rate: { shape: 'measure', unit: '/min', loinc: '8867-4', retain: 'vital', critical: false },
  respiration: { shape: 'measure', unit: '/min', loinc: '9279-1', retain: 'vital', critical: false },
  spo2: { shape: 'measure', unit: '%', loinc: '2708-6', retain: 'vital', critical: false },
  body_temperature: { shape: 'measure', unit: 'Cel', loinc: '8310-5', retain: 'vital', critical: false },
  skin_temperature: { shape: 'measure', unit: 'Cel', retain: 'vital', critical: false },
  weight: { shape: 'measure', unit: 'kg', loinc: '29463-7', retain: 'vital', critical: false },
  temperature: { shape: 'measure', unit: 'Cel', retain: 'environment', critical: false },
  humidity: { shape: 'measure', unit: '%', retain: 'environment', critical: false },
  illuminance: { shape: 'measure', unit: 'lx', retain: 'environment', critical: false },
  battery: { shape: 'measure', unit: '%', retain: 'technical', critical: false },
  battery_low: { shape: 'state', retain: 'technical', critical: false },
  tamper: { shape: 'state', retain: 'technical', critical: false },
  /** The hub's own idea of whether a device answers; ours (supervision) is quicker. */
  available: { shape: 'state', retain: 'technical', critical: false },
  /** A self-test of an alarm: it never alarms anybody. */
  test: { shape: 'momentary', retain: 'technical', critical: false },
  /** A sign of life without a meaning. */
  heartbeat: { shape: 'momentary', retain: 'technical', critical: false },
} as const satisfies Record<
  string,
  { shape: 'momentary' | 'state' | 'measure'; retain: RetentionClass; critical: boolean; unit?: string; loinc?: string }
>;

export type RetentionClass = 'vital' | 'event' | 'activity' | 'environment' | 'technical';
export type ReadingKind = keyof typeof readingKinds;
export const readingKind = z.enum(Object.keys(readingKinds) as [ReadingKind, ...ReadingKind[]]);

export type KindFacts = {
  readonly shape: 'momentary' | 'state' | 'measure';
  readonly retain: RetentionClass;
  readonly critical: boolean;
  readonly unit?: string;
  readonly loinc?: string;
};
/** The facts of a kind, with the optional ones readable whatever the kind. */
export const factsOf = (kind: ReadingKind): KindFacts => readingKinds[kind];

/** One thing read of one device. `device` is its key within the hub; the hub itself is `''`. */
export const reading = z.object({
  device: z.string().max(256),
  kind: readingKind,
  /** Momentary and state kinds: boolean. Measures: a finite number in the kind's unit. */
  value: z.union([z.boolean(), z.number()]),
  /** How old the reading was when its packet arrived, in ms (0: live), however wrong the device's clock is. */
  ageMs: z.number().int().nonnegative(),
  /** Whether the age is by the hub's own account, or assumed because its clock gave none that could be believed. */
  clock: z.enum(['device', 'none', 'implausible']),
});
export type Reading = z.infer<typeof reading>;

/** Life-critical and true: this must be an alert before the device is told that it was heard. */
export const isLifeCritical = (r: Reading): boolean => r.value === true && readingKinds[r.kind].critical;

/** What a hub says of its devices, reduced to what decoding needs: for each property of a device, what it means. */
export const catalogue = z.record(
  z.string(),
  z.object({
    model: z.string(),
    vendor: z.string(),
    power: z.enum(['mains', 'battery', 'unknown']),
    /** Zigbee address: survives a renaming. */
    address: z.string(),
    properties: z.record(
      z.string(),
      z.object({
        kind: readingKind,
        /** Values that mean `true`; without them a measure, taken as it stands. */
        on: z.array(z.union([z.string(), z.boolean(), z.number()])).optional(),
      }),
    ),
  }),
);
export type Catalogue = z.infer<typeof catalogue>;
