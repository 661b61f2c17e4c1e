import { Text } from '@mantine/core';
import type { HouseholdFile } from '../../wire/household.ts';
import { useNow } from '../clock.ts';
import { Icon } from '../signs/Icon.tsx';
import { PrioritySign } from '../signs/PrioritySign.tsx';
import { roughly } from '../times.ts';
import { useWords } from '../words/speak.ts';
import classes from './household.module.css';
import { howIsIt } from './howIsIt.ts';

/** The first line of a home is the answer: is all well, is something open, or can we not see. */
export function HowIsIt({ file }: { file: HouseholdFile }) {
  const { t } = useWords();
  const now = useNow();
  const answer = howIsIt(file);
  const seen = answer.lastMotion;
  const lost = file.devices.filter(({ state }) => state === 'lost').length;
  const ago = seen && roughly(now - seen.at);
  const activity = ago
    ? t('how.activity', { ago: t(`time.ago.${ago.unit}`, { n: ago.n }), room: seen.room || t('how.home') })
    : null;
  return (
    <div className={classes.how} data-tone={answer.kind} role="status">
      {answer.kind === 'open' && <PrioritySign priority={answer.priority} />}
      {answer.kind === 'well' && <Icon name="check" />}
      {answer.kind === 'unknown' && <Icon name="help" />}
      <div>
        <Text fw={600} size="lg">
          {t(`how.${answer.kind}`, { n: file.openAlerts.length })}
        </Text>
        <Text size="sm">{[activity, lost > 0 ? t('how.lost', { n: lost }) : null].filter(Boolean).join(' · ')}</Text>
      </div>
    </div>
  );
}
