import type { Language } from './preferences.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A duration in the unit in which people would say it: `{ n: 40, unit: 'seconds' }`. */
export function roughly(ms: number): { readonly n: number; readonly unit: 'seconds' | 'minutes' | 'hours' | 'days' } {
  const span = Math.max(0, ms);
  if (span < minute) return { n: Math.floor(span / second), unit: 'seconds' };
  if (span < hour) return { n: Math.floor(span / minute), unit: 'minutes' };
  if (span < 2 * day) return { n: Math.floor(span / hour), unit: 'hours' };
  return { n: Math.floor(span / day), unit: 'days' };
}

/** What is left, as a clock shows it: `0:09`, `12:40`, `3:02:10`. */
export function countdown(ms: number): string {
  const left = Math.max(0, Math.ceil(ms / second));
  const two = (n: number): string => String(n).padStart(2, '0');
  const [hours, minutes, seconds] = [Math.floor(left / 3_600), Math.floor(left / 60) % 60, left % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(language: Language, zone: string | undefined, parts: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${zone} ${JSON.stringify(parts)}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    ...parts,
    hourCycle: 'h23',
    ...(zone ? { timeZone: zone } : {}),
  });
  formats.set(key, made);
  return made;
}

export const timeOfDay = (at: number, language: Language, zone?: string): string =>
  format(language, zone, { hour: '2-digit', minute: '2-digit' }).format(at);

export const date = (at: number, language: Language, zone?: string): string =>
  format(language, zone, { dateStyle: 'long' }).format(at);

export const shortDate = (at: number, language: Language, zone?: string): string =>
  format(language, zone, { month: 'short', day: 'numeric' }).format(at);

/** To the second and with the zone: for a hover, where it must not be doubted. */
export const exactly = (at: number, language: Language, zone?: string): string =>
  format(language, zone, {
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  }).format(at);

/** The time of day, with the date before it when it was not today. */
export function whenShort(at: number, now: number, language: Language, zone?: string): string {
  const time = timeOfDay(at, language, zone);
  return date(at, language, zone) === date(now, language, zone) ? time : `${shortDate(at, language, zone)} ${time}`;
}
