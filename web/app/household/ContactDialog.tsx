import { useState } from 'react';
import type { Contact } from '../../../domain/household.ts';
import { newContact } from '../../wire/household.ts';
import { api } from '../api.ts';
import { useWords } from '../words/speak.ts';
import { BelongingDialog } from './BelongingDialog.tsx';
import { blankContact } from './blank.ts';
import { ContactFields } from './ContactFields.tsx';

type Props = { householdId: string; contact: Contact | null; nextRank: number; onDone: () => void };

export function ContactDialog({ householdId, contact, nextRank, onDone }: Props) {
  const { t } = useWords();
  const [draft, setDraft] = useState(contact ?? blankContact(nextRank));
  const save = (): Promise<unknown> => {
    const given = newContact.parse(draft);
    return contact ? api.changeContact(householdId, contact.id, given) : api.addContact(householdId, given);
  };
  const removal = contact && { word: t('contacts.remove'), onRemove: () => api.removeContact(householdId, contact.id) };
  return (
    <BelongingDialog
      householdId={householdId}
      title={t(contact ? 'contacts.change' : 'contacts.add')}
      ready={newContact.safeParse(draft).success}
      onSave={save}
      removal={removal}
      onDone={onDone}
    >
      <ContactFields value={draft} onChange={setDraft} />
    </BelongingDialog>
  );
}
