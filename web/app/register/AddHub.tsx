import { Button, Modal, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { newHub } from '../../wire/household.ts';
import { api } from '../api.ts';
import { queries, useMay } from '../queries.ts';
import { Icon } from '../signs/Icon.tsx';
import { Failed } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';
import { blankHub } from './draft.ts';
import { HubFields } from './HubFields.tsx';
import { HubSettings } from './HubSettings.tsx';

/** One more hub for a household that is registered already. */
export function AddHub({ householdId }: { householdId: string }) {
  const { t } = useWords();
  const may = useMay('hub.edit');
  const [opened, setOpened] = useState(false);
  const [draft, setDraft] = useState(blankHub);
  const add = useMutation({
    mutationFn: () => api.addHub(householdId, draft),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['household', householdId] }),
  });
  const close = (): void => {
    setOpened(false);
    setDraft(blankHub());
    add.reset();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    add.mutate();
  };
  if (!may) return null;
  return (
    <>
      <Button size="xs" variant="default" leftSection={<Icon name="plus" />} onClick={() => setOpened(true)}>
        {t('hub.add')}
      </Button>
      <Modal
        opened={opened}
        onClose={close}
        title={t('hub.add')}
        size="lg"
        closeButtonProps={{ 'aria-label': t('state.dismiss') }}
      >
        {add.data ? (
          <HubSettings
            clientId={add.data.clientId}
            username={add.data.username}
            secret={add.data.key}
            ecosystem={draft.ecosystem}
          />
        ) : (
          <form onSubmit={submit}>
            <Stack>
              <HubFields value={draft} onChange={setDraft} />
              {add.error && <Failed error={add.error} />}
              <Button type="submit" disabled={!newHub.safeParse(draft).success} loading={add.isPending}>
                {t('hub.add')}
              </Button>
            </Stack>
          </form>
        )}
      </Modal>
    </>
  );
}
