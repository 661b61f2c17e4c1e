import * as z from 'zod';

/** Sensors of the source that we understand, in the order in which a file numbers them. */
export const activitySensors = [
  'kitchen',
  'hallway',
  'lounge',
  'bedroom',
  'bathroom',
  'front-door',
  'back-door',
  'fridge-door',
] as const;
export type ActivitySensor = (typeof activitySensors)[number];

/** Quantities of the source that have a kind of ours; what else it has (muscle mass, body water) is left out. */
export const quantities = {
  'Systolic blood pressure': { kind: 'systolic', device: 'bp' },
  'Diastolic blood pressure': { kind: 'diastolic', device: 'bp' },
  'Heart rate': { kind: 'heart_rate', device: 'bp' },
  'Body Temperature': { kind: 'body_temperature', device: 'thermometer' },
  'Skin Temperature': { kind: 'skin_temperature', device: 'thermometer' },
  'Body weight': { kind: 'weight', device: 'scale' },
} as const;
const vitalKind = z.enum(['systolic', 'diastolic', 'heart_rate', 'body_temperature', 'skin_temperature', 'weight']);

/**
 * One home, gzipped JSON. Each day of the recording, oldest first: activations as [seconds since the one before (the first: since
 * local midnight), number of the sensor] in one flat list, and vital signs as [second of the day, kind, value].
 */
export const recordedHome = z.object({
  source: z.string(),
  licence: z.string(),
  home: z.string(),
  age: z.string(),
  sex: z.enum(['female', 'male']),
  days: z.array(
    z.object({
      activity: z.array(z.number().int().nonnegative()),
      vitals: z.array(z.tuple([z.number().int(), vitalKind, z.number()])),
    }),
  ),
});
export type RecordedHome = z.infer<typeof recordedHome>;
