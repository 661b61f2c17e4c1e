import { Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { QueuedAlert } from '../../wire/alert.ts';
import { useMe } from '../queries.ts';
import { PrioritySign } from '../signs/PrioritySign.tsx';
import { Section } from '../signs/Section.tsx';
import { Age } from '../signs/Time.tsx';
import { useWords } from '../words/speak.ts';
import classes from './household.module.css';

type Props = { title: string; alerts: readonly QueuedAlert[]; boxed?: boolean };

export function AlertList({ title, alerts, boxed = false }: Props) {
  const { t } = useWords();
  const atDesk = useMe().role !== 'family';
  if (alerts.length === 0) return null;
  return (
    <Section title={title} boxed={boxed}>
      <ul className={classes.list}>
        {alerts.map((alert) => (
          <li key={alert.id} data-alert={alert.state === 'closed' ? undefined : alert.id}>
            <PrioritySign priority={alert.priority} size="sm" />
            <div className={classes.grow}>
              {atDesk ? (
                <Link to="/" search={{ alert: alert.id }} className={classes.quietLink ?? ''}>
                  {t(`category.${alert.category}`)}
                </Link>
              ) : (
                t(`category.${alert.category}`)
              )}{' '}
              <Text span size="sm" c="dimmed">
                {alert.disposition ? t(`disposition.${alert.disposition}`) : t(`alertState.${alert.state}`)}
              </Text>
            </div>
            <Text span size="sm" c="dimmed">
              <Age at={alert.raisedAt} />
            </Text>
          </li>
        ))}
      </ul>
    </Section>
  );
}
