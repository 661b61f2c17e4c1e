import { Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { SYSTEM_HOUSEHOLD } from '../../../domain/household.ts';
import { useHousehold } from '../queries.ts';
import { Empty, Failed, Loading } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';
import { Access } from './Access.tsx';
import { AlertList } from './AlertList.tsx';
import { Contacts } from './Contacts.tsx';
import { Devices } from './Devices.tsx';
import classes from './household.module.css';
import { ModeTag } from './ModeTag.tsx';
import { Residents } from './Residents.tsx';

/** The household's file beside the alert: how to get in, who lives there, whom to call, what is installed. */
export function FilePanel({ id }: { id: string }) {
  const { t } = useWords();
  const answer = useHousehold(id);
  if (id === SYSTEM_HOUSEHOLD) return <Empty icon="pulse" title={t('file.system')} />;
  if (answer.isPending) return <Loading rows={5} />;
  if (!answer.data) return <Failed error={answer.error} retry={() => void answer.refetch()} />;
  const file = answer.data;
  return (
    <>
      <header className={classes.panelHead}>
        <div>
          <Title order={2} size="h3">
            {file.household.name}
          </Title>
          <Text size="sm" c="dimmed">
            {file.household.address}
          </Text>
        </div>
        <ModeTag mode={file.household.mode} />
        <Link to="/households/$id" params={{ id }} className={classes.link ?? ''}>
          {t('file.whole')}
        </Link>
      </header>
      <Access file={file} />
      <Contacts file={file} />
      <Residents file={file} />
      <Devices file={file} />
      <AlertList title={t('file.lastAlerts')} alerts={file.lastAlerts.slice(0, 5)} />
    </>
  );
}
