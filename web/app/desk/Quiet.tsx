import { Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { roleMay, useMe, useQueue } from '../queries.ts';
import { Icon } from '../signs/Icon.tsx';
import { Age } from '../signs/Time.tsx';
import { useWords } from '../words/speak.ts';
import classes from './quiet.module.css';
import { Watched } from './Watched.tsx';

/** Nothing in hand is not nothing to know: what is watched, what was closed last, and how the system is. */
export function Quiet({ busy }: { busy: boolean }) {
  const { t } = useWords();
  const me = useMe();
  const closed = useQueue('closed').data?.alerts.slice(0, 5) ?? [];
  return (
    <div className={classes.quiet}>
      <div className={classes.sign} data-busy={busy || undefined}>
        <Icon name={busy ? 'back' : 'check'} />
      </div>
      <Title order={2} ta="center">
        {busy ? t('quiet.choose') : t('quiet.title')}
      </Title>
      {roleMay(me.role, 'system.see') && <Watched />}
      {closed.length > 0 && (
        <div className={classes.closed}>
          <Title order={3}>{t('quiet.lastClosed')}</Title>
          <ul>
            {closed.map((alert) => (
              <li key={alert.id}>
                <Link to="/" search={{ alert: alert.id }}>
                  {t(`category.${alert.category}`)} · {alert.householdName}
                </Link>
                <Text span c="dimmed" size="sm">
                  {alert.disposition && t(`disposition.${alert.disposition}`)}
                  {' · '}
                  {alert.closedAt !== null && <Age at={alert.closedAt} />}
                </Text>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
