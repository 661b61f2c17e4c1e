import * as z from 'zod';
import type { ReadingKind } from './reading.ts';
import { hours, minutes } from './time.ts';

export const ecosystem = z.enum(['shouwang', 'zigbee2mqtt']);
export type Ecosystem = z.infer<typeof ecosystem>;

export const hub = z.object({
  id: z.string(),
  householdId: z.string(),
  /** The MQTT client identifier that this credential is bound to. */
  clientId: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9._:-]+$/, 'letters, digits and . _ : -'),
  ecosystem,
  power: z.enum(['mains', 'battery']),
  /** When it was registered; supervision starts at the first word from it. */
  createdAt: z.number(),
});
export type Hub = z.infer<typeof hub>;

/** What a device is for, which decides how long it may be silent. */
export const deviceClass = z.enum([
  'emergency_button',
  'alarm',
  'motion',
  'door',
  'vital_monitor',
  'environment',
  'other',
]);
export type DeviceClass = z.infer<typeof deviceClass>;

export const device = z.object({
  householdId: z.string(),
  hubId: z.string(),
  /** Its name within the hub, as the hub writes it. */
  key: z.string(),
  name: z.string().max(100),
  room: z.string().max(50),
  class: deviceClass,
});
export type Device = z.infer<typeof device>;

/**
 * How long a hub or device may be silent before that is an alert, by the server's clock, never before it was first heard.
 * A lost connection of a mains hub: 3 min (EN 50136-1 grade 4, as quoted). Battery sensors report at least daily; 25 h is the
 * central stations' fail-to-test interval; two days for those that speak only when something happens in a quiet home.
 */
export const supervision = {
  hub: { mains: minutes(3), battery: hours(6) },
  device: {
    emergency_button: hours(25),
    alarm: hours(25),
    motion: hours(25),
    door: hours(49),
    vital_monitor: null,
    environment: hours(25),
    other: null,
  } satisfies Record<DeviceClass, number | null>,
} as const;

/** The class of a device nobody has described yet, from what it says. */
export function classOf(kind: ReadingKind): DeviceClass {
  switch (kind) {
    case 'sos':
    case 'fall':
      return 'emergency_button';
    case 'smoke':
    case 'gas':
    case 'carbon_monoxide':
    case 'water_leak':
      return 'alarm';
    case 'motion':
    case 'presence':
      return 'motion';
    case 'open':
      return 'door';
    case 'systolic':
    case 'diastolic':
    case 'heart_rate':
    case 'respiration':
    case 'spo2':
    case 'body_temperature':
    case 'skin_temperature':
    case 'weight':
      return 'vital_monitor';
    case 'temperature':
    case 'humidity':
    case 'illuminance':
      return 'environment';
    case 'vibration':
    case 'battery':
    case 'battery_low':
    case 'tamper':
    case 'available':
    case 'test':
    case 'heartbeat':
      return 'other';
    default:
      return kind satisfies never;
  }
}
