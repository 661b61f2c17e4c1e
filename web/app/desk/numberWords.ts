import { factsOf, type ReadingKind } from '../../../domain/reading.ts';
import { unitWords } from '../signs/readingWords.ts';
import { roughly } from '../times.ts';
import type { Words } from '../words/speak.ts';

type Said = { readonly label: string; readonly text: string };

/** A number of the evidence in words. Its name says its unit: `silentMs`, `limitMinutes`, `levelPercent`; else the reading's. */
export function numberWords(name: string, value: number, kind: ReadingKind | undefined, words: Words): Said {
  const { t, word } = words;
  const [, stem = name, unit] = /^(.*?)_?(Ms|Seconds|Minutes|Percent|At|ms|seconds|minutes|percent)?$/.exec(name) ?? [];
  const label = word(`number.${stem}`, word(`reading.kind.${stem}`, stem));
  const span = (ms: number): string => {
    const { n, unit: size } = roughly(ms);
    return t(`time.span.${size}`, { n });
  };
  const plain = String(Math.round(value * 10) / 10);
  switch (unit?.toLowerCase()) {
    case 'ms':
      return { label, text: span(value) };
    case 'seconds':
      return { label, text: span(value * 1_000) };
    case 'minutes':
      return { label, text: span(value * 60_000) };
    case 'percent':
      return { label, text: `${plain} %` };
    default:
      return { label, text: kind ? `${plain} ${unitWords(factsOf(kind).unit ?? '', words)}` : plain };
  }
}
