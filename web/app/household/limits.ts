import type { Resident, VitalLimits } from '../../../domain/household.ts';
import type { ReadingKind } from '../../../domain/reading.ts';

export type LimitKind = keyof VitalLimits;
export const limitKinds = [
  'systolic',
  'diastolic',
  'heart_rate',
  'spo2',
  'body_temperature',
] as const satisfies readonly LimitKind[];

const isLimitKind = (kind: ReadingKind): kind is LimitKind => (limitKinds as readonly ReadingKind[]).includes(kind);

export type Band = readonly [number, number];

/** The band to draw: that of the one resident, or the widest of several, since a chart does not know whose reading it was. */
export function bandsOf(residents: readonly Resident[], kind: ReadingKind): readonly Band[] {
  if (!isLimitKind(kind) || residents.length === 0) return [];
  const band: Band = [
    Math.min(...residents.map(({ limits }) => limits[kind][0])),
    Math.max(...residents.map(({ limits }) => limits[kind][1])),
  ];
  return [band];
}
