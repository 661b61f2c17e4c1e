import * as z from 'zod';
import type { ReadingKind } from './reading.ts';

/** 1 life-critical, 2 urgent, 3 attention, 4 technical. */
export const priority = z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]);
export type Priority = z.infer<typeof priority>;

/**
 * What an alert can be about. `critical`: raised by the intake in the commit that keeps the packet. `subject`: what distinguishes
 * two open alerts of this category in one household. `recovers`: a technical matter that ends by itself when its cause does.
 */
export const categories = {
  sos: { priority: 1, critical: true, subject: 'resident', recovers: false },
  fall: { priority: 1, critical: true, subject: 'resident', recovers: false },
  smoke: { priority: 1, critical: true, subject: 'room', recovers: false },
  gas: { priority: 1, critical: true, subject: 'room', recovers: false },
  carbon_monoxide: { priority: 1, critical: true, subject: 'room', recovers: false },
  water_leak: { priority: 2, critical: true, subject: 'room', recovers: false },
  unreadable: { priority: 2, critical: true, subject: 'device', recovers: false },
  vitals: { priority: 2, critical: false, subject: 'resident', recovers: false },
  inactivity: { priority: 2, critical: false, subject: 'household', recovers: false },
  door_open: { priority: 3, critical: false, subject: 'device', recovers: false },
  hub_lost: { priority: 3, critical: false, subject: 'device', recovers: true },
  hub_clock: { priority: 4, critical: false, subject: 'device', recovers: true },
  device_lost: { priority: 4, critical: false, subject: 'device', recovers: true },
  battery_low: { priority: 4, critical: false, subject: 'device', recovers: true },
  tamper: { priority: 4, critical: false, subject: 'device', recovers: true },
  monitoring_degraded: { priority: 3, critical: false, subject: 'household', recovers: false },
  /** Shouwang itself: its own outage, its clock, its disk, a promise found broken by the auditor. */
  system: { priority: 2, critical: false, subject: 'system', recovers: false },
} as const satisfies Record<
  string,
  {
    priority: Priority;
    critical: boolean;
    subject: 'resident' | 'room' | 'device' | 'household' | 'system';
    recovers: boolean;
  }
>;

export type Category = keyof typeof categories;
export const category = z.enum(Object.keys(categories) as [Category, ...Category[]]);

/** The category of a life-critical reading; the names agree on purpose. */
export function categoryOfCritical(kind: ReadingKind): Category {
  switch (kind) {
    case 'sos':
    case 'fall':
    case 'smoke':
    case 'gas':
    case 'carbon_monoxide':
    case 'water_leak':
      return kind;
    default:
      throw new Error(`${kind} is not life-critical`);
  }
}
