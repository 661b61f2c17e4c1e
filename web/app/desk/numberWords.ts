import { factsOf, type ReadingKind } from '../../../domain/reading.ts';
import { unitWords } from '../signs/readingWords.ts';
import { roughly, whenShort } from '../times.ts';
import type { Words } from '../words/speak.ts';

type Said = { readonly label: string; readonly text: string };

/** A number of the evidence in words. Its name ends in its unit (`silenceMs`, `lastHeardAt`, `limitPercent`), else it is the reading's. */
export function numberWords(
  name: string,
  value: number,
  { kind, now }: { kind: ReadingKind | undefined; now: number },
  { t, word, language }: Words,
): Said {
  const [, stem, unit] = /^(\w+?)(Ms|At|Percent)?$/.exec(name) ?? [];
  const label = word(`number.${stem}`, name);
  const plain = String(Math.round(value * 10) / 10);
  switch (unit) {
    case 'Ms': {
      const { n, unit: size } = roughly(value);
      return { label, text: t(`time.span.${size}`, { n }) };
    }
    case 'At':
      return { label, text: whenShort(value, now, language) };
    case 'Percent':
      return { label, text: `${plain} %` };
    default:
      if (name === 'percent') return { label, text: `${plain} %` };
      return { label, text: kind ? `${plain} ${unitWords(factsOf(kind).unit ?? '', { t })}` : plain };
  }
}
