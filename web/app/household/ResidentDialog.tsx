import { useState } from 'react';
import type { Resident } from '../../../domain/household.ts';
import { newResident } from '../../wire/household.ts';
import { api } from '../api.ts';
import { useWords } from '../words/speak.ts';
import { BelongingDialog } from './BelongingDialog.tsx';
import { blankResident } from './blank.ts';
import { ResidentFields } from './ResidentFields.tsx';

type Props = { householdId: string; resident: Resident | null; onDone: () => void };

export function ResidentDialog({ householdId, resident, onDone }: Props) {
  const { t } = useWords();
  const [draft, setDraft] = useState(resident ?? blankResident());
  const save = (): Promise<unknown> => {
    const given = newResident.parse(draft);
    return resident ? api.changeResident(householdId, resident.id, given) : api.addResident(householdId, given);
  };
  const removal = resident && {
    word: t('residents.remove'),
    onRemove: () => api.removeResident(householdId, resident.id),
  };
  return (
    <BelongingDialog
      householdId={householdId}
      title={t(resident ? 'residents.change' : 'residents.add')}
      ready={newResident.safeParse(draft).success}
      onSave={save}
      removal={removal}
      onDone={onDone}
    >
      <ResidentFields value={draft} onChange={setDraft} />
    </BelongingDialog>
  );
}
