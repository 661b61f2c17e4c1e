import { Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { QueuedAlert } from '../../wire/alert.ts';
import { PrioritySign } from '../signs/PrioritySign.tsx';
import { Age } from '../signs/Time.tsx';
import { useWords } from '../words/speak.ts';
import classes from './frame.module.css';

const SHOWN = 3;

/** The most urgent, and the latest among them, so that nothing new is missed away from the desk. */
function foremost(untaken: readonly QueuedAlert[]): readonly QueuedAlert[] {
  const latest = untaken.toSorted((a, b) => b.lastOccurrenceAt - a.lastOccurrenceAt)[0];
  const first = untaken.slice(0, SHOWN);
  return latest && !first.includes(latest) ? [...first.slice(0, SHOWN - 1), latest] : first;
}

/** On every page but the queue itself: what waits there. */
export function Strip({ alerts }: { alerts: readonly QueuedAlert[] }) {
  const { t } = useWords();
  const untaken = alerts.filter(({ state }) => state === 'open');
  if (untaken.length === 0) return null;
  const shown = foremost(untaken);
  return (
    <nav className={classes.strip} aria-label={t('frame.untaken')}>
      {shown.map((alert) => (
        <Link
          key={alert.id}
          to="/"
          search={{ alert: alert.id }}
          className={classes.stripAlert ?? ''}
          data-alert={alert.id}
          data-priority={alert.priority}
        >
          <PrioritySign priority={alert.priority} size="sm" />
          <Text span size="sm" fw={600} truncate>
            {alert.householdName} · {t(`category.${alert.category}`)}
          </Text>
          <Text span size="sm" className={classes.stripAge ?? ''}>
            <Age at={alert.lastOccurrenceAt} />
          </Text>
        </Link>
      ))}
      {untaken.length > shown.length && (
        <Link to="/" className={classes.stripAlert ?? ''}>
          <Text span size="sm">
            {t('frame.more', { n: untaken.length - shown.length })}
          </Text>
        </Link>
      )}
    </nav>
  );
}
