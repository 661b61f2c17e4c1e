import type { Reading } from '../../domain/reading.ts';
import { days, minutes } from '../../domain/time.ts';

export type Age = Pick<Reading, 'ageMs' | 'clock'>;

/** A clock without a battery starts at its epoch (1970, 2000, 2015, …) until it is set. */
const EARLIEST_BELIEVED_AT = Date.UTC(2020, 0, 1);
const AHEAD_ALLOWED_MS = minutes(2);
/** No hub keeps what it could not send for longer; who says so has lost its clock, which began anew at its maker's date. */
export const KEPT_AT_MOST_MS = days(31);
/** The range of a Date; beyond it differences leave the safe integers. */
const LARGEST_TIME = 8.64e15;

const isoWithZone = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/i;

export const untold: Age = { ageMs: 0, clock: 'none' };
const implausible: Age = { ageMs: 0, clock: 'implausible' };

/** An ISO 8601 time with its zone, or ms since 1970, as ms; null for anything else. A time without a zone may be hours wrong. */
export function timeOf(value: unknown): number | null {
  if (typeof value === 'number') return Math.abs(value) <= LARGEST_TIME ? value : null;
  if (typeof value !== 'string' || value.length > 40 || !isoWithZone.test(value)) return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : at;
}

/**
 * How old something made at `made` by the hub's clock was on arrival. Against the hub's own time of sending it is right
 * however wrong that clock is, unless the clock was set in between; against ours only if the clock can be believed.
 */
export function ageOf(made: unknown, sentAt: number | null, receivedAt: number, keptMs = KEPT_AT_MOST_MS): Age {
  if (made === undefined || made === null) return untold;
  const madeAt = timeOf(made);
  if (madeAt === null) return implausible;
  const unset = madeAt < EARLIEST_BELIEVED_AT;
  const now = sentAt ?? receivedAt;
  if (madeAt > now + AHEAD_ALLOWED_MS || (unset && now >= EARLIEST_BELIEVED_AT)) return implausible;
  if (now - madeAt > keptMs) return implausible;
  return { ageMs: Math.max(0, Math.round(now - madeAt)), clock: 'device' };
}
