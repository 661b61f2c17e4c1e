import { Text } from '@mantine/core';
import { type VitalLimits, vitalLimits } from '../../../domain/household.ts';
import { factsOf } from '../../../domain/reading.ts';
import { unitWords } from '../signs/readingWords.ts';
import { useWords } from '../words/speak.ts';
import { limitKinds } from './limits.ts';

const usual = vitalLimits.parse({});

/** A resident's limits in one line; those that differ from the usual ones stand out. */
export function LimitsLine({ limits }: { limits: VitalLimits }) {
  const words = useWords();
  const { t } = words;
  return (
    <Text size="xs" c="dimmed">
      {t('residents.limits')}{' '}
      {limitKinds.map((kind, index) => {
        const [low, high] = limits[kind];
        const own = low !== usual[kind][0] || high !== usual[kind][1];
        return (
          <span key={kind}>
            {index > 0 && ' · '}
            {t(`reading.kind.${kind}`)}{' '}
            <Text span fw={own ? 700 : 400} c={own ? 'var(--mantine-color-text)' : 'dimmed'}>
              {kind === 'spo2' ? `≥ ${low}` : `${low}–${high}`} {unitWords(factsOf(kind).unit ?? '', words)}
            </Text>
          </span>
        );
      })}
    </Text>
  );
}
