import { Button, Group, Modal, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Contact } from '../../../domain/household.ts';
import { newContact } from '../../wire/household.ts';
import { api } from '../api.ts';
import { queries } from '../queries.ts';
import { Failed } from '../signs/States.tsx';
import { SureButton } from '../signs/SureButton.tsx';
import { useWords } from '../words/speak.ts';
import { blankContact } from './blank.ts';
import { ContactFields } from './ContactFields.tsx';

type Props = { householdId: string; contact: Contact | null; nextRank: number; onDone: () => void };

export function ContactDialog({ householdId, contact, nextRank, onDone }: Props) {
  const { t } = useWords();
  const [draft, setDraft] = useState(contact ?? blankContact(nextRank));
  const finished = async (): Promise<void> => {
    await queries.invalidateQueries({ queryKey: ['household', householdId] });
    onDone();
  };
  const body = newContact.safeParse(draft);
  const save = useMutation({
    mutationFn: async () => {
      const given = newContact.parse(draft);
      await (contact ? api.changeContact(householdId, contact.id, given) : api.addContact(householdId, given));
    },
    onSuccess: finished,
  });
  const remove = useMutation({
    mutationFn: async (id: string) => api.removeContact(householdId, id),
    onSuccess: finished,
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  const error = save.error ?? remove.error;
  return (
    <Modal
      opened
      onClose={onDone}
      title={t(contact ? 'contacts.change' : 'contacts.add')}
      closeButtonProps={{ 'aria-label': t('state.dismiss') }}
      size="lg"
    >
      <form onSubmit={submit}>
        <Stack>
          <ContactFields value={draft} onChange={setDraft} />
          {error && <Failed error={error} />}
          <Group justify="space-between">
            {contact ? (
              <SureButton
                word={t('contacts.remove')}
                loading={remove.isPending}
                onSure={() => remove.mutate(contact.id)}
              />
            ) : (
              <span />
            )}
            <Button type="submit" disabled={!body.success} loading={save.isPending}>
              {t('state.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
