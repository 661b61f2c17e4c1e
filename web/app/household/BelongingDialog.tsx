import { Button, Group, Modal, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent, ReactNode } from 'react';
import { queries } from '../queries.ts';
import { Failed } from '../signs/States.tsx';
import { SureButton } from '../signs/SureButton.tsx';
import { useWords } from '../words/speak.ts';

type Props = {
  householdId: string;
  title: string;
  /** Nothing is missing and nothing wrong in what was typed. */
  ready: boolean;
  onSave: () => Promise<unknown>;
  /** What ends it, and the word for that; null for what is only being added. */
  removal: { readonly word: string; readonly onRemove: () => Promise<unknown> } | null;
  onDone: () => void;
  children: ReactNode;
};

/** Adds, changes or removes what belongs to a household: a resident, a contact. */
export function BelongingDialog({ householdId, title, ready, onSave, removal, onDone, children }: Props) {
  const { t } = useWords();
  const change = useMutation({
    mutationFn: (deed: () => Promise<unknown>) => deed(),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['household', householdId] });
      onDone();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate(onSave);
  };
  return (
    <Modal opened onClose={onDone} title={title} closeButtonProps={{ 'aria-label': t('state.dismiss') }} size="lg">
      <form onSubmit={submit}>
        <Stack>
          {children}
          {change.error && <Failed error={change.error} />}
          <Group justify={removal ? 'space-between' : 'flex-end'}>
            {removal && (
              <SureButton
                word={removal.word}
                loading={change.isPending}
                onSure={() => change.mutate(removal.onRemove)}
              />
            )}
            <Button type="submit" disabled={!ready} loading={change.isPending}>
              {t('state.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
