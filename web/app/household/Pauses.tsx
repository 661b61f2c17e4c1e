import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { hours } from '../../../domain/time.ts';
import type { HouseholdFile } from '../../wire/household.ts';
import { api } from '../api.ts';
import { serverNow } from '../clock.ts';
import { queries, useMay } from '../queries.ts';
import { Icon } from '../signs/Icon.tsx';
import { Section } from '../signs/Section.tsx';
import { Failed } from '../signs/States.tsx';
import { Clock } from '../signs/Time.tsx';
import { useWords } from '../words/speak.ts';
import classes from './household.module.css';

const kinds = ['absence', 'maintenance'] as const;
const lengths = [2, 8, 24, 72, 168, 720] as const;

/** Times in which some matters are muted; emergencies never are. */
export function Pauses({ file }: { file: HouseholdFile }) {
  const { t } = useWords();
  const may = useMay('household.edit');
  const [adding, setAdding] = useState(false);
  const id = file.household.id;
  const end = useMutation({
    mutationFn: (pauseId: string) => api.endPause(id, pauseId),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['household', id] }),
  });
  return (
    <Section
      boxed
      title={t('pause.title')}
      actions={
        may && (
          <Button size="xs" variant="default" leftSection={<Icon name="plus" />} onClick={() => setAdding(true)}>
            {t('pause.add')}
          </Button>
        )
      }
    >
      {file.pauses.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('pause.none')}
        </Text>
      )}
      <ul className={classes.list}>
        {file.pauses.map((pause) => (
          <li key={pause.id}>
            <div className={classes.grow}>
              {t(`pause.kind.${pause.kind}`)}{' '}
              <Text span size="sm" c="dimmed">
                <Clock at={pause.fromAt} /> – <Clock at={pause.toAt} /> {pause.reason}
              </Text>
            </div>
            {may && (
              <Button size="xs" variant="default" loading={end.isPending} onClick={() => end.mutate(pause.id)}>
                {t('pause.end')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {end.error && <Failed error={end.error} />}
      {adding && <PauseDialog householdId={id} onDone={() => setAdding(false)} />}
    </Section>
  );
}

function PauseDialog({ householdId, onDone }: { householdId: string; onDone: () => void }) {
  const { t } = useWords();
  const [kind, setKind] = useState<(typeof kinds)[number]>('absence');
  const [length, setLength] = useState<number>(24);
  const [reason, setReason] = useState('');
  const add = useMutation({
    mutationFn: () => {
      const fromAt = serverNow();
      return api.addPause(householdId, { kind, fromAt, toAt: fromAt + hours(length), reason });
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['household', householdId] });
      onDone();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Modal opened onClose={onDone} title={t('pause.add')} closeButtonProps={{ 'aria-label': t('state.dismiss') }}>
      <form onSubmit={submit}>
        <Stack>
          <Select
            label={t('pause.what')}
            allowDeselect={false}
            data={kinds.map((value) => ({ value, label: t(`pause.kind.${value}`) }))}
            value={kind}
            onChange={(next) => setKind(kinds.find((known) => known === next) ?? 'absence')}
          />
          <Select
            label={t('pause.length')}
            allowDeselect={false}
            data={lengths.map((n) => ({
              value: String(n),
              label: n < 48 ? t('time.span.hours', { n }) : t('time.span.days', { n: n / 24 }),
            }))}
            value={String(length)}
            onChange={(next) => setLength(Number(next))}
          />
          <TextInput
            label={t('pause.reason')}
            maxLength={200}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <Text size="sm" c="dimmed">
            {t('pause.never')}
          </Text>
          {add.error && <Failed error={add.error} />}
          <Group justify="flex-end">
            <Button type="submit" loading={add.isPending}>
              {t('state.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
