import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import type { QueuedAlert } from '../../wire/alert.ts';
import { deadlineOf } from '../signs/deadline.ts';
import { Icon } from '../signs/Icon.tsx';
import { PrioritySign } from '../signs/PrioritySign.tsx';
import { Age, DeadlineBar } from '../signs/Time.tsx';
import { useWords } from '../words/speak.ts';
import classes from './desk.module.css';
import type { List } from './lists.ts';

type Props = { alert: QueuedAlert; list: List; chosen: boolean; gone: boolean };

/** Sign, who and where, what, how old, what runs out, and who has it. */
export const QueueRow = memo(function QueueRow({ alert, list, chosen, gone }: Props) {
  const { t } = useWords();
  const deadline = deadlineOf(alert);
  const where = [alert.householdName, alert.subjectName].filter(Boolean).join(' · ');
  return (
    <li className={classes.item}>
      <Link
        to="/"
        search={{ alert: alert.id, list: list === 'unclosed' ? undefined : list }}
        replace
        activeOptions={{ exact: true, includeSearch: true }}
        className={classes.row ?? ''}
        data-alert={alert.id}
        data-calls={(alert.state === 'open' && alert.priority === 1 && !gone) || undefined}
        data-chosen={chosen || undefined}
        data-gone={gone || undefined}
        aria-current={chosen ? 'true' : undefined}
      >
        <PrioritySign priority={alert.priority} />
        <span className={classes.what}>
          <span className={classes.first}>
            <strong>{t(`category.${alert.category}`)}</strong>
            {alert.occurrences > 1 && (
              <span className={classes.times}>{t('desk.times', { n: alert.occurrences })}</span>
            )}
          </span>
          <span className={classes.second} title={where}>
            {where}
          </span>
        </span>
        <span className={classes.when}>
          <span className={classes.has}>
            <Holder alert={alert} />
            <Age at={alert.lastOccurrenceAt} />
          </span>
          {deadline && <DeadlineBar deadline={deadline} />}
        </span>
      </Link>
    </li>
  );
});

function Holder({ alert }: { alert: QueuedAlert }) {
  const { t } = useWords();
  if (alert.state === 'closed') {
    return <>{alert.disposition ? t(`disposition.${alert.disposition}`) : t('alertState.closed')}</>;
  }
  if (alert.takenByName === null) return null;
  return (
    <span className={classes.holder} title={t(`alertState.${alert.state}`)}>
      <Icon name={alert.state === 'attended' ? 'check' : 'user'} />
      <span>{alert.takenByName}</span>
    </span>
  );
}
