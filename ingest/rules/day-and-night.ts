import type { WatchSettings } from '../../domain/household.ts';
import { localTime, minutes, within } from '../../domain/time.ts';

type Span = { readonly fromAt: number; readonly toAt: number };

const DAY = 1_440;
const minutesUntil = (from: number, to: number): number => (to - from + DAY) % DAY || DAY;
const atMinute = (at: number): number => Math.floor(at / minutes(1)) * minutes(1);

/** The night that it is at `at`, or by day the coming one. */
export function nightAround(at: number, { zone, night: [from, to] }: Pick<WatchSettings, 'zone' | 'night'>): Span {
  const { minuteOfDay } = localTime(at, zone);
  const fromAt = within(minuteOfDay, from, to)
    ? atMinute(at) - minutes((minuteOfDay - from + DAY) % DAY)
    : atMinute(at) + minutes(minutesUntil(minuteOfDay, from));
  return { fromAt, toAt: fromAt + minutes(minutesUntil(from, to)) };
}

type Limits = Pick<WatchSettings, 'zone' | 'night' | 'inactivityDayMinutes' | 'inactivityNightMinutes'>;

/** The stretch of day or night from `at` on, and how much quiet uses up the whole limit there. */
function stretchFrom(at: number, { zone, night: [from, to], ...limits }: Limits): { toAt: number; limitMs: number } {
  const { minuteOfDay } = localTime(at, zone);
  const night = within(minuteOfDay, from, to);
  return {
    toAt: atMinute(at) + minutes(minutesUntil(minuteOfDay, night ? to : from)),
    limitMs: minutes(night ? limits.inactivityNightMinutes : limits.inactivityDayMinutes),
  };
}

/**
 * How much of the limit quiet from `fromAt` to `toAt` uses up: each hour by the limit of its time of day. (To compare all of it with
 * the limit of the moment would wake the station at six sharp for everybody who sleeps.)
 */
export function shareOfLimit(fromAt: number, toAt: number, limits: Limits): number {
  let share = 0;
  for (let at = fromAt; at < toAt; ) {
    const stretch = stretchFrom(at, limits);
    const until = Math.min(stretch.toAt, toAt);
    share += (until - at) / stretch.limitMs;
    at = until;
  }
  return share;
}

/** When quiet that goes on from `fromAt`, with `share` of the limit used up already, reaches it. */
export function limitReachedAt(share: number, fromAt: number, limits: Limits): number {
  let left = 1 - share;
  for (let at = fromAt; ; ) {
    const stretch = stretchFrom(at, limits);
    const needs = left * stretch.limitMs;
    if (at + needs <= stretch.toAt) return Math.ceil(at + Math.max(0, needs));
    left -= (stretch.toAt - at) / stretch.limitMs;
    at = stretch.toAt;
  }
}
