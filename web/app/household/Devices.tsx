import { ActionIcon, Text } from '@mantine/core';
import { useState } from 'react';
import type { DeviceNow, HouseholdFile } from '../../wire/household.ts';
import { useMay } from '../queries.ts';
import { AddHub } from '../register/AddHub.tsx';
import { Icon } from '../signs/Icon.tsx';
import { readingWords } from '../signs/readingWords.ts';
import { Section } from '../signs/Section.tsx';
import { Tag } from '../signs/Tag.tsx';
import { Age } from '../signs/Time.tsx';
import { useWords } from '../words/speak.ts';
import { DeviceDialog } from './DeviceDialog.tsx';
import { HubKeys } from './HubKeys.tsx';
import classes from './household.module.css';

type Props = { file: HouseholdFile; boxed?: boolean };

/** What is installed, and whether we hear it. A device behind a hub that we cannot hear is unknown, never well. */
export function Devices({ file, boxed = false }: Props) {
  const { t } = useWords();
  const links = new Map(file.hubs.map(({ id, connected }) => [id, connected]));
  return (
    <Section title={t('device.title')} boxed={boxed} actions={boxed && <AddHub householdId={file.household.id} />}>
      <ul className={classes.list}>
        {file.hubs.map((hub) => (
          <li key={hub.id}>
            <div className={classes.grow}>
              <strong>{t('device.hub')}</strong>{' '}
              <Text span size="sm" c="dimmed">
                {t(`ecosystem.${hub.ecosystem}`)} · {t(`power.${hub.power}`)}
                {boxed && ` · ${hub.clientId}`}
              </Text>
              {boxed && <HubKeys hub={hub} />}
            </div>
            <span className={classes.heard}>
              <Tag tone={hub.connected ? 'well' : 'unknown'}>
                {t(hub.connected ? 'device.connected' : 'device.notConnected')}
              </Tag>
              <Heard at={hub.lastHeardAt} />
            </span>
          </li>
        ))}
        {file.devices.map((device) => (
          <Device
            key={`${device.hubId} ${device.key}`}
            device={device}
            linked={links.get(device.hubId) ?? false}
            boxed={boxed}
          />
        ))}
      </ul>
      {file.hubs.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('device.none')}
        </Text>
      )}
    </Section>
  );
}

function Device({ device, linked, boxed }: { device: DeviceNow; linked: boolean; boxed: boolean }) {
  const words = useWords();
  const { t } = words;
  const may = useMay('household.edit') && boxed;
  const [editing, setEditing] = useState(false);
  const name = device.name || device.key;
  const facts = [name.includes(device.room) ? '' : device.room, boxed ? t(`deviceClass.${device.class}`) : ''];
  const last = device.last.find(({ kind }) => kind !== 'battery' && kind !== 'heartbeat');
  return (
    <li>
      <div className={classes.grow}>
        {name}{' '}
        <Text span size="sm" c="dimmed">
          {facts.filter(Boolean).join(' · ')}
        </Text>
        {last && (
          <Text size="sm" c="dimmed">
            {t(`reading.kind.${last.kind}`)} {readingWords(last.kind, last.value, words)} · <Age at={last.at} />
          </Text>
        )}
      </div>
      {device.battery !== null && (
        <span className={classes.battery} data-low={device.battery <= 15 || undefined}>
          <Icon name="battery" />
          {Math.round(device.battery)}%
        </span>
      )}
      <span className={classes.heard}>
        <Tag tone={device.state === 'heard' && linked ? 'well' : 'unknown'}>
          {t(device.state === 'heard' && !linked ? 'device.cannotSee' : `device.state.${device.state}`)}
        </Tag>
        <Heard at={device.lastHeardAt} />
      </span>
      {may && (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t('device.edit', { name })}
          onClick={() => setEditing(true)}
        >
          <Icon name="pencil" />
        </ActionIcon>
      )}
      {editing && <DeviceDialog device={device} onDone={() => setEditing(false)} />}
    </li>
  );
}

function Heard({ at }: { at: number | null }) {
  return (
    <Text span size="xs" c="dimmed">
      {at === null ? '–' : <Age at={at} />}
    </Text>
  );
}
