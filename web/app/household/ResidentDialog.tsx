import { Button, Group, Modal, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Resident } from '../../../domain/household.ts';
import { newResident } from '../../wire/household.ts';
import { api } from '../api.ts';
import { queries } from '../queries.ts';
import { Failed } from '../signs/States.tsx';
import { SureButton } from '../signs/SureButton.tsx';
import { useWords } from '../words/speak.ts';
import { blankResident } from './blank.ts';
import { ResidentFields } from './ResidentFields.tsx';

type Props = { householdId: string; resident: Resident | null; onDone: () => void };

export function ResidentDialog({ householdId, resident, onDone }: Props) {
  const { t } = useWords();
  const [draft, setDraft] = useState(resident ?? blankResident());
  const finished = async (): Promise<void> => {
    await queries.invalidateQueries({ queryKey: ['household', householdId] });
    onDone();
  };
  const body = newResident.safeParse(draft);
  const save = useMutation({
    mutationFn: async () => {
      const given = newResident.parse(draft);
      await (resident ? api.changeResident(householdId, resident.id, given) : api.addResident(householdId, given));
    },
    onSuccess: finished,
  });
  const remove = useMutation({
    mutationFn: async (id: string) => api.removeResident(householdId, id),
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
      title={t(resident ? 'residents.change' : 'residents.add')}
      closeButtonProps={{ 'aria-label': t('state.dismiss') }}
      size="lg"
    >
      <form onSubmit={submit}>
        <Stack>
          <ResidentFields value={draft} onChange={setDraft} />
          {error && <Failed error={error} />}
          <Group justify="space-between">
            {resident ? (
              <SureButton
                word={t('residents.remove')}
                loading={remove.isPending}
                onSure={() => remove.mutate(resident.id)}
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
