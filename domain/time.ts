/** Durations in milliseconds, written as people say them. */
export const seconds = (n: number): number => n * 1_000;
export const minutes = (n: number): number => n * 60_000;
export const hours = (n: number): number => n * 3_600_000;
export const days = (n: number): number => n * 86_400_000;

const formatters = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

function formatter(zone: string): Intl.DateTimeFormat {
  let found = formatters.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeZoneName: 'longOffset' });
    formatters.set(zone, found);
  }
  return found;
}

/** Offset of `zone` from UTC in ms. Zones change their offset at most on quarter hours, so one answer serves 15 min. */
function offsetMs(at: number, zone: string): number {
  const key = `${zone} ${Math.floor(at / minutes(15))}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const name = formatter(zone)
    .formatToParts(at)
    .find((part) => part.type === 'timeZoneName')?.value;
  const [, sign, hour, minute] = /GMT([+-])(\d\d):(\d\d)/.exec(name ?? '') ?? [];
  const offset = sign ? (sign === '-' ? -1 : 1) * (hours(Number(hour)) + minutes(Number(minute))) : 0;
  if (offsets.size > 10_000) offsets.clear();
  offsets.set(key, offset);
  return offset;
}

/** Whether a zone is one that times can be told in; a home in any other would stop the processor at its first reading. */
export function isZone(zone: string): boolean {
  try {
    formatter(zone);
    return true;
  } catch {
    return false;
  }
}

/** The time of day at `at` in an IANA zone: `minuteOfDay` 0–1439, `day` as `2026-11-22`, `time` as `02:10`. */
export function localTime(at: number, zone: string): { minuteOfDay: number; day: string; time: string } {
  const iso = new Date(at + offsetMs(at, zone)).toISOString();
  return {
    minuteOfDay: Number(iso.slice(11, 13)) * 60 + Number(iso.slice(14, 16)),
    day: iso.slice(0, 10),
    time: iso.slice(11, 16),
  };
}

/** Whether a minute of the day lies in [from, to), which may pass midnight (22:00–06:00). */
export function within(minuteOfDay: number, from: number, to: number): boolean {
  return from <= to ? minuteOfDay >= from && minuteOfDay < to : minuteOfDay >= from || minuteOfDay < to;
}
