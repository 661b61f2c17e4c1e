import { Button, Group, Modal, NumberInput, Select, SimpleGrid, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Household, householdMode, type WatchSettings } from '../../../domain/household.ts';
import { api } from '../api.ts';
import { queries } from '../queries.ts';
import { Failed } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';

type Known = Omit<Household, 'access'> & { access: string };
type Props = { household: Known; onDone: () => void };
type Draft = Pick<Household, 'name' | 'address' | 'mode' | 'settings'>;

const numbers = [
  'inactivityDayMinutes',
  'inactivityNightMinutes',
  'doorOpenNightMinutes',
  'batteryLowPercent',
] as const;

/** What the household is called, where it is, and how it is watched. What stands behind the mask is only replaced, never shown. */
export function SettingsDialog({ household, onDone }: Props) {
  const { t } = useWords();
  const [draft, setDraft] = useState<Draft>({
    name: household.name,
    address: household.address,
    mode: household.mode,
    settings: household.settings,
  });
  const [access, setAccess] = useState('');
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });
  const save = useMutation({
    mutationFn: () => api.patchHousehold(household.id, { ...draft, ...(access === '' ? {} : { access }) }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['household', household.id] });
      onDone();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Modal
      opened
      onClose={onDone}
      title={t('file.edit')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('state.dismiss') }}
    >
      <form onSubmit={submit}>
        <Stack>
          <Where draft={draft} change={change} />
          <Textarea
            label={t('access.title')}
            description={t('access.replace')}
            maxLength={1_000}
            autosize
            value={access}
            onChange={(event) => setAccess(event.currentTarget.value)}
          />
          <Watch settings={draft.settings} onChange={(settings) => change({ settings })} />
          {save.error && <Failed error={save.error} />}
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending}>
              {t('state.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Where({ draft, change }: { draft: Draft; change: (part: Partial<Draft>) => void }) {
  const { t } = useWords();
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput
          label={t('file.name')}
          required
          maxLength={100}
          value={draft.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <Select
          label={t('file.mode')}
          allowDeselect={false}
          data={householdMode.options.map((value) => ({ value, label: t(`mode.${value}`) }))}
          value={draft.mode}
          onChange={(next) => change({ mode: householdMode.options.find((known) => known === next) ?? draft.mode })}
        />
      </SimpleGrid>
      <TextInput
        label={t('file.address')}
        maxLength={300}
        value={draft.address}
        onChange={(event) => change({ address: event.currentTarget.value })}
      />
    </>
  );
}

function Watch({ settings, onChange }: { settings: WatchSettings; onChange: (next: WatchSettings) => void }) {
  const { t } = useWords();
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      {numbers.map((key) => (
        <NumberInput
          key={key}
          label={t(`watch.${key}`)}
          min={1}
          value={settings[key]}
          onChange={(next) => typeof next === 'number' && onChange({ ...settings, [key]: next })}
        />
      ))}
    </SimpleGrid>
  );
}
