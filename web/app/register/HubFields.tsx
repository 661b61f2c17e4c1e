import { Select, SimpleGrid, TextInput } from '@mantine/core';
import { ecosystem, hub } from '../../../domain/hub.ts';
import { useWords } from '../words/speak.ts';
import type { HubDraft } from './draft.ts';

type Props = { value: HubDraft; onChange: (next: HubDraft) => void };

export function HubFields({ value, onChange }: Props) {
  const { t } = useWords();
  const change = (part: Partial<HubDraft>): void => onChange({ ...value, ...part });
  const bad = !hub.shape.clientId.safeParse(value.clientId).success;
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }}>
      <TextInput
        label={t('hub.clientId')}
        required
        maxLength={64}
        error={bad ? t('hub.clientIdRule') : null}
        value={value.clientId}
        onChange={(event) => change({ clientId: event.currentTarget.value })}
      />
      <Select
        label={t('hub.ecosystem')}
        allowDeselect={false}
        data={ecosystem.options.map((known) => ({ value: known, label: t(`ecosystem.${known}`) }))}
        value={value.ecosystem}
        onChange={(next) => change({ ecosystem: ecosystem.options.find((known) => known === next) ?? value.ecosystem })}
      />
      <Select
        label={t('hub.power')}
        allowDeselect={false}
        data={(['mains', 'battery'] as const).map((power) => ({ value: power, label: t(`power.${power}`) }))}
        value={value.power}
        onChange={(next) => change({ power: next === 'battery' ? 'battery' : 'mains' })}
      />
    </SimpleGrid>
  );
}
