import { Button, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { deviceClass } from '../../../domain/hub.ts';
import type { DeviceNow } from '../../wire/household.ts';
import { api } from '../api.ts';
import { queries } from '../queries.ts';
import { Failed } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';

/** What a device is called, where it is and what it is for, which decides how long it may be silent. */
export function DeviceDialog({ device, onDone }: { device: DeviceNow; onDone: () => void }) {
  const { t } = useWords();
  const [draft, setDraft] = useState({ name: device.name, room: device.room, class: device.class });
  const save = useMutation({
    mutationFn: () => api.describeDevice(device.householdId, { hubId: device.hubId, key: device.key, ...draft }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['household', device.householdId] });
      onDone();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Modal opened onClose={onDone} title={device.key} closeButtonProps={{ 'aria-label': t('state.dismiss') }}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={t('device.name')}
            maxLength={100}
            value={draft.name}
            onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
          />
          <TextInput
            label={t('device.room')}
            maxLength={50}
            value={draft.room}
            onChange={(event) => setDraft({ ...draft, room: event.currentTarget.value })}
          />
          <Select
            label={t('device.class')}
            allowDeselect={false}
            data={deviceClass.options.map((value) => ({ value, label: t(`deviceClass.${value}`) }))}
            value={draft.class}
            onChange={(next) =>
              setDraft({ ...draft, class: deviceClass.options.find((value) => value === next) ?? draft.class })
            }
          />
          {save.error && <Failed error={save.error} />}
          <Button type="submit" loading={save.isPending}>
            {t('state.save')}
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
