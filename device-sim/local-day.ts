import { hours, localTime } from '../domain/time.ts';

/** The first instant of a local day (`2026-11-22`), for zones that do not change their offset at midnight. */
export function midnightOf(day: string, zone: string): number {
  const asIfUtc = Date.parse(`${day}T00:00:00Z`);
  const local = localTime(asIfUtc, zone);
  return asIfUtc - (Date.parse(`${local.day}T${local.time}:00Z`) - asIfUtc);
}

/** The local day `n` days after `day`. */
export function dayAfter(day: string, n = 1): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + n * hours(24)).toISOString().slice(0, 10);
}
