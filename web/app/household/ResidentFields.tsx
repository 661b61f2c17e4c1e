import { NumberInput, Select, SimpleGrid, Textarea, TextInput } from '@mantine/core';
import { factsOf } from '../../../domain/reading.ts';
import { unitWords } from '../signs/readingWords.ts';
import { useWords } from '../words/speak.ts';
import type { ResidentDraft } from './blank.ts';
import classes from './household.module.css';
import { type LimitKind, limitKinds } from './limits.ts';

const sexes = ['female', 'male', 'other', 'unknown'] as const;

type Props = { value: ResidentDraft; onChange: (next: ResidentDraft) => void };

export function ResidentFields({ value, onChange }: Props) {
  const { t } = useWords();
  const change = (part: Partial<ResidentDraft>): void => onChange({ ...value, ...part });
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        <TextInput
          label={t('residents.name')}
          withAsterisk
          maxLength={100}
          value={value.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <NumberInput
          label={t('residents.birthYear')}
          min={1890}
          max={2100}
          allowDecimal={false}
          hideControls
          value={value.birthYear ?? ''}
          onChange={(year) => change({ birthYear: typeof year === 'number' ? year : null })}
        />
        <Select
          label={t('residents.sex')}
          allowDeselect={false}
          data={sexes.map((sex) => ({ value: sex, label: t(`sex.${sex}`) }))}
          value={value.sex}
          onChange={(next) => change({ sex: sexes.find((sex) => sex === next) ?? 'unknown' })}
        />
      </SimpleGrid>
      <Textarea
        label={t('residents.notes')}
        placeholder={t('residents.notesHint')}
        autosize
        minRows={2}
        maxLength={4_000}
        value={value.notes}
        onChange={(event) => change({ notes: event.currentTarget.value })}
      />
      <Limits value={value.limits} onChange={(limits) => change({ limits })} />
    </>
  );
}

function Limits({
  value,
  onChange,
}: {
  value: ResidentDraft['limits'];
  onChange: (next: ResidentDraft['limits']) => void;
}) {
  const words = useWords();
  const { t } = words;
  const set = (kind: LimitKind, side: 0 | 1, next: number | string): void => {
    if (typeof next !== 'number') return;
    const [low, high] = value[kind];
    onChange({ ...value, [kind]: side === 0 ? [next, high] : [low, next] });
  };
  return (
    <details>
      <summary className={classes.summary}>{t('residents.limitsLegend')}</summary>
      <div className={classes.limits}>
        {limitKinds.map((kind) => {
          const name = `${t(`reading.kind.${kind}`)} (${unitWords(factsOf(kind).unit ?? '', words)})`;
          return (
            <div key={kind} className={classes.limit}>
              <span>{name}</span>
              <NumberInput
                aria-label={t('residents.low', { name })}
                hideControls
                value={value[kind][0]}
                onChange={(next) => set(kind, 0, next)}
              />
              <span aria-hidden>–</span>
              <NumberInput
                aria-label={t('residents.high', { name })}
                hideControls
                disabled={kind === 'spo2'}
                value={value[kind][1]}
                onChange={(next) => set(kind, 1, next)}
              />
            </div>
          );
        })}
      </div>
    </details>
  );
}
