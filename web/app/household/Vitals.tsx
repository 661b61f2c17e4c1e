import { SegmentedControl, Text } from '@mantine/core';
import { useState } from 'react';
import { factsOf, type ReadingKind } from '../../../domain/reading.ts';
import type { HouseholdFile } from '../../wire/household.ts';
import { Section } from '../signs/Section.tsx';
import { useWords } from '../words/speak.ts';
import classes from './household.module.css';
import { VitalChart } from './VitalChart.tsx';

const spans = [1, 7, 30, 60] as const;
const usual: readonly ReadingKind[] = [
  'systolic',
  'heart_rate',
  'spo2',
  'body_temperature',
  'skin_temperature',
  'respiration',
  'weight',
];

/** The vital signs that this home can measure. */
export function Vitals({ file }: { file: HouseholdFile }) {
  const { t } = useWords();
  const [days, setDays] = useState<number>(7);
  const seen = new Set(file.devices.flatMap(({ last }) => last.map(({ kind }) => kind)));
  const kinds = usual.filter((kind) => seen.has(kind) && factsOf(kind).retain === 'vital');
  return (
    <Section
      boxed
      title={t('vitals.title')}
      actions={
        kinds.length > 0 && (
          <SegmentedControl
            size="xs"
            aria-label={t('vitals.span')}
            value={String(days)}
            onChange={(value) => setDays(Number(value))}
            data={spans.map((n) => ({ value: String(n), label: t('time.span.days', { n }) }))}
          />
        )
      }
    >
      {kinds.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t('vitals.noMonitor')}
        </Text>
      ) : (
        <div className={classes.charts}>
          {kinds.map((kind) => (
            <VitalChart key={kind} householdId={file.household.id} kind={kind} days={days} />
          ))}
        </div>
      )}
    </Section>
  );
}
