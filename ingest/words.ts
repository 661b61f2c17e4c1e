import type { Sentence } from '../domain/finding.ts';
import type { ReadingKind } from '../domain/reading.ts';
import { localTime, minutes } from '../domain/time.ts';
import { type Home, placeOf } from './rule.ts';

/** How a community worker would say it: where, since when, how long. */

export function duration(ms: number): Sentence {
  const total = Math.max(1, Math.round(ms / 60_000));
  const [days, hours, rest] = [Math.floor(total / 1_440), Math.floor(total / 60) % 24, total % 60];
  const zh = [days && `${days} 天`, hours && `${hours} 小时`, rest && `${rest} 分钟`];
  const en = [days && `${days} d`, hours && `${hours} h`, rest && `${rest} min`];
  return { zh: zh.filter(Boolean).join(' '), en: en.filter(Boolean).join(' ') };
}

export const clockTime = (at: number, home: Pick<Home, 'household'>): string =>
  localTime(at, home.household.settings.zone).time;

/** A device as people know it: its room and name where somebody gave them, else the name that its hub uses. */
export function deviceName(home: Pick<Home, 'household'>, hubId: string, device: string): Sentence {
  const known = home.household.device.get(placeOf(hubId, device));
  return nameOf(known?.room ?? '', known?.name || device);
}

export function nameOf(room: string, name: string): Sentence {
  if (name === '') return { zh: '网关', en: 'the hub' };
  if (room === '' || name.includes(room)) return { zh: name, en: name };
  return { zh: `${room}的${name}`, en: `${name} (${room})` };
}

/** The room of a device, else its name. */
export function whereOf(home: Pick<Home, 'household'>, place: string): string {
  const known = home.household.device.get(place);
  return known?.room || known?.name || place.slice(place.indexOf('/') + 1);
}

/** How late the news came, where that is worth a word. */
export function lateness(delayMs: number): Sentence {
  if (delayMs < minutes(1)) return { zh: '', en: '' };
  const late = duration(delayMs);
  return { zh: `（消息晚到 ${late.zh}）`, en: ` (the message came ${late.en} late)` };
}

export const vitalNames: Partial<Record<ReadingKind, Sentence & { readonly unit: string }>> = {
  systolic: { zh: '收缩压', en: 'systolic pressure', unit: 'mmHg' },
  diastolic: { zh: '舒张压', en: 'diastolic pressure', unit: 'mmHg' },
  heart_rate: { zh: '脉搏', en: 'pulse', unit: '/min' },
  spo2: { zh: '血氧', en: 'blood oxygen', unit: '%' },
  body_temperature: { zh: '体温', en: 'temperature', unit: '°C' },
};
