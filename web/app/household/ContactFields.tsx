import { NumberInput, SimpleGrid, TextInput } from '@mantine/core';
import { newContact } from '../../wire/household.ts';
import { useWords } from '../words/speak.ts';
import type { ContactDraft } from './blank.ts';

type Props = { value: ContactDraft; onChange: (next: ContactDraft) => void };

export function ContactFields({ value, onChange }: Props) {
  const { t } = useWords();
  const change = (part: Partial<ContactDraft>): void => onChange({ ...value, ...part });
  const badPhone = value.phone !== '' && !newContact.shape.phone.safeParse(value.phone).success;
  return (
    <SimpleGrid cols={{ base: 1, xs: 4 }}>
      <TextInput
        label={t('contacts.name')}
        withAsterisk
        maxLength={100}
        value={value.name}
        onChange={(event) => change({ name: event.currentTarget.value })}
      />
      <TextInput
        label={t('contacts.relation')}
        placeholder={t('contacts.relationHint')}
        maxLength={50}
        value={value.relation}
        onChange={(event) => change({ relation: event.currentTarget.value })}
      />
      <TextInput
        label={t('contacts.phone')}
        withAsterisk
        type="tel"
        inputMode="tel"
        error={badPhone ? t('contacts.phoneRule') : null}
        value={value.phone}
        onChange={(event) => change({ phone: event.currentTarget.value })}
      />
      <NumberInput
        label={t('contacts.rank')}
        min={1}
        max={20}
        allowDecimal={false}
        value={value.rank}
        onChange={(rank) => change({ rank: typeof rank === 'number' ? rank : 1 })}
      />
    </SimpleGrid>
  );
}
