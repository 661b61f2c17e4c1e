import { factsOf, type ReadingKind } from '../../../domain/reading.ts';
import type { Words } from '../words/speak.ts';

/** How UCUM units are written for people. */
const units: Record<string, string> = { 'mm[Hg]': 'mmHg', Cel: '°C', '%': '%', kg: 'kg', lx: 'lx' };

export const unitWords = (unit: string, { t }: Pick<Words, 't'>): string =>
  unit === '/min' ? t('unit.perMinute') : (units[unit] ?? unit);

const round = (value: number): string => String(Math.round(value * 10) / 10);

/** A reading's value as people say it: `82 次/分`, or the word for its state. */
export function readingWords(kind: ReadingKind, value: boolean | number, words: Pick<Words, 't'>): string {
  if (typeof value === 'number') return [round(value), unitWords(factsOf(kind).unit ?? '', words)].join(' ').trim();
  if (kind === 'open') return words.t(value ? 'reading.opened' : 'reading.shut');
  if (factsOf(kind).shape === 'momentary') return words.t('reading.pressed');
  if (kind === 'motion' || kind === 'presence') return words.t(value ? 'reading.some' : 'reading.none');
  if (factsOf(kind).critical) return words.t(value ? 'reading.alarm' : 'reading.ended');
  return words.t(value ? 'reading.on' : 'reading.off');
}
