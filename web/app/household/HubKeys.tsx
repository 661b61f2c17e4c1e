import { Button, Group, Modal } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { HouseholdFile } from '../../wire/household.ts';
import { api } from '../api.ts';
import { queries, useMay } from '../queries.ts';
import { HubSettings } from '../register/HubSettings.tsx';
import { Failed } from '../signs/States.tsx';
import { SureButton } from '../signs/SureButton.tsx';
import { useWords } from '../words/speak.ts';

/** Two keys may be active at once, so that a hub can be moved to a new one without a gap. */
export function HubKeys({ hub }: { hub: HouseholdFile['hubs'][number] }) {
  const { t } = useWords();
  const may = useMay('hub.edit');
  const refresh = () => queries.invalidateQueries({ queryKey: ['household', hub.householdId] });
  const add = useMutation({ mutationFn: () => api.addKey(hub.id), onSuccess: refresh });
  const revoke = useMutation({ mutationFn: () => api.revokeOldestKey(hub.id), onSuccess: refresh });
  const error = add.error ?? revoke.error;
  if (!may) return null;
  return (
    <>
      <Group gap="xs" mt="xs">
        <Button
          size="xs"
          variant="default"
          loading={add.isPending}
          disabled={hub.activeKeys >= 2}
          onClick={() => add.mutate()}
        >
          {t('hub.newKey')}
        </Button>
        {hub.activeKeys >= 2 && (
          <SureButton
            size="xs"
            word={t('hub.revokeOldest')}
            loading={revoke.isPending}
            onSure={() => revoke.mutate()}
          />
        )}
      </Group>
      {error && <Failed error={error} />}
      <Modal
        opened={add.data !== undefined}
        onClose={add.reset}
        title={t('hub.newKey')}
        closeButtonProps={{ 'aria-label': t('state.dismiss') }}
        size="lg"
      >
        {add.data && (
          <HubSettings
            clientId={add.data.clientId}
            username={add.data.username}
            secret={add.data.key}
            ecosystem={hub.ecosystem}
          />
        )}
      </Modal>
    </>
  );
}
