import { Text, Title } from '@mantine/core';
import type { QueuedAlert } from '../../wire/alert.ts';
import { deadlineOf } from '../signs/deadline.ts';
import { PriorityBadge, PrioritySign } from '../signs/PrioritySign.tsx';
import { Tag } from '../signs/Tag.tsx';
import { DeadlineBar, When } from '../signs/Time.tsx';
import { roughly } from '../times.ts';
import { useWords } from '../words/speak.ts';
import classes from './hand.module.css';

/** A delay worth a word: news that is older than this was not live. */
const LATE_MS = 60_000;

export function Reason({ alert }: { alert: QueuedAlert }) {
  const { t, said } = useWords();
  const late = roughly(alert.delayMs);
  return (
    <header className={classes.reason} data-priority={alert.priority}>
      <div className={classes.title}>
        <PrioritySign priority={alert.priority} size="lg" />
        <div>
          <Title order={2}>
            {t(`category.${alert.category}`)} · {alert.householdName}
          </Title>
          <Text size="sm" c="dimmed">
            {[alert.subjectName, alert.address, alert.stationName].filter(Boolean).join(' · ')}
          </Text>
        </div>
      </div>
      <Text className={classes.sentence ?? ''}>{said(alert.sentence)}</Text>
      <div className={classes.facts}>
        <PriorityBadge priority={alert.priority} />
        <Tag>{t(`alertState.${alert.state}`)}</Tag>
        {alert.householdMode !== 'live' && <Tag tone="unknown">{t('desk.notLive')}</Tag>}
        {alert.occurrences > 1 && <Tag>{t('desk.times', { n: alert.occurrences })}</Tag>}
        {alert.delayMs > LATE_MS && <Tag>{t('desk.late', { late: t(`time.span.${late.unit}`, { n: late.n }) })}</Tag>}
        <Text span size="sm">
          <When at={alert.happenedAt} />
        </Text>
      </div>
      <Clockwork alert={alert} />
    </header>
  );
}

/** What runs out, and what happens then. */
function Clockwork({ alert }: { alert: QueuedAlert }) {
  const { t } = useWords();
  const deadline = deadlineOf(alert);
  if (!deadline) {
    return (
      <Text size="sm" className={classes.clock ?? ''}>
        {alert.disposition && t('desk.closedAs', { disposition: t(`disposition.${alert.disposition}`) })}
        {alert.takenByName && ` · ${alert.takenByName}`}
      </Text>
    );
  }
  const next = alert.plan.steps[alert.step + 1] ?? alert.plan.steps.at(-1);
  const whom = next?.tell.map((audience) => t(`audience.${audience}`)).join(t('list.comma')) ?? '';
  const name = alert.takenByName ?? t('desk.somebody');
  return (
    <div className={classes.clock}>
      <Text size="sm">
        {deadline.kind === 'tell' && t(deadline.late ? 'desk.untilAgain' : 'desk.untilTold', { whom })}
        {deadline.kind === 'attend' && t(deadline.late ? 'desk.attendLate' : 'desk.untilAttend', { name })}
        {deadline.kind === 'close' && t(deadline.late ? 'desk.closeLate' : 'desk.untilClose', { name })}
      </Text>
      <Text component="div" size="sm">
        <DeadlineBar deadline={deadline} wide />
      </Text>
    </div>
  );
}
