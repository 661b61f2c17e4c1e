import { Button, Container, Group, Text, Title } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { HouseholdFile } from '../../wire/household.ts';
import { useHousehold, useMay, useMe } from '../queries.ts';
import { Icon } from '../signs/Icon.tsx';
import { Section } from '../signs/Section.tsx';
import { Failed, Loading } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';
import { Access } from './Access.tsx';
import { AlertList } from './AlertList.tsx';
import { Contacts } from './Contacts.tsx';
import { DayPicture } from './DayPicture.tsx';
import { Devices } from './Devices.tsx';
import { HowIsIt } from './HowIsIt.tsx';
import classes from './household.module.css';
import { ModeTag } from './ModeTag.tsx';
import { Pauses } from './Pauses.tsx';
import { Residents } from './Residents.tsx';
import { SettingsDialog } from './SettingsDialog.tsx';
import { Timeline } from './Timeline.tsx';
import { Vitals } from './Vitals.tsx';

export function HouseholdPage() {
  const { id } = useParams({ from: '/households/$id' });
  const answer = useHousehold(id);
  const me = useMe();
  return (
    <Container size="var(--sw-page)" py="md">
      {answer.isPending && <Loading rows={6} />}
      {answer.error && <Failed error={answer.error} retry={() => void answer.refetch()} />}
      {answer.data && (me.role === 'family' ? <ForFamily file={answer.data} /> : <Whole key={id} file={answer.data} />)}
    </Container>
  );
}

function Whole({ file }: { file: HouseholdFile }) {
  const { t } = useWords();
  const { household } = file;
  return (
    <>
      <Head file={file} />
      <div className={classes.columns}>
        <div className={classes.column}>
          <HowIsIt file={file} />
          <AlertList boxed title={t('file.openAlerts')} alerts={file.openAlerts} />
          <Section boxed title={t('activity.title')}>
            <DayPicture householdId={household.id} />
          </Section>
          <Vitals file={file} />
          <Timeline id={household.id} zone={household.settings.zone} />
        </div>
        <div className={classes.column}>
          <Access boxed file={file} />
          <Contacts boxed file={file} />
          <Residents boxed file={file} />
          <Devices boxed file={file} />
          <Pauses file={file} />
          <AlertList boxed title={t('file.lastAlerts')} alerts={file.lastAlerts} />
        </div>
      </div>
    </>
  );
}

/** For the family: first the answer to their question, then the picture of the day. */
function ForFamily({ file }: { file: HouseholdFile }) {
  const { t } = useWords();
  return (
    <div className={classes.family}>
      <Title order={1} size="h2">
        {file.residents.map(({ name }) => name).join(t('list.comma')) || file.household.name}
      </Title>
      <HowIsIt file={file} />
      <AlertList boxed title={t('file.openAlerts')} alerts={file.openAlerts} />
      <Section boxed title={t('activity.title')}>
        <DayPicture householdId={file.household.id} />
      </Section>
      <Vitals file={file} />
      <AlertList boxed title={t('file.lastAlerts')} alerts={file.lastAlerts.slice(0, 5)} />
    </div>
  );
}

function Head({ file: { household, areas } }: { file: HouseholdFile }) {
  const { t } = useWords();
  const may = useMay('household.edit');
  const [editing, setEditing] = useState(false);
  return (
    <Group justify="space-between" mb="md">
      <div>
        <Group gap="sm">
          <Title order={1}>{household.name}</Title>
          <ModeTag mode={household.mode} />
        </Group>
        <Text c="dimmed" size="sm">
          {[areas.map(({ name }) => name).join(' › '), household.address].filter(Boolean).join(' · ')}
        </Text>
      </div>
      {may && (
        <Button variant="default" leftSection={<Icon name="pencil" />} onClick={() => setEditing(true)}>
          {t('file.edit')}
        </Button>
      )}
      {editing && <SettingsDialog household={household} onDone={() => setEditing(false)} />}
    </Group>
  );
}
