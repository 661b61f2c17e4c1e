import { Text } from '@mantine/core';
import { seconds } from '../../../domain/time.ts';
import type { QueuedAlert } from '../../wire/alert.ts';
import { Icon } from '../signs/Icon.tsx';
import { Section } from '../signs/Section.tsx';
import { roughly } from '../times.ts';
import { useWords } from '../words/speak.ts';
import classes from './hand.module.css';

/** Who is told when, for as long as nobody has it; told rungs are ticked. */
export function PlanSteps({ alert }: { alert: QueuedAlert }) {
  const { t } = useWords();
  const { steps, repeatSeconds } = alert.plan;
  const again = roughly(seconds(repeatSeconds));
  return (
    <Section title={t('plan.title')}>
      <ol className={classes.steps}>
        {steps.map((step, index) => {
          const told = index <= alert.step;
          const after = roughly(seconds(step.afterSeconds));
          return (
            <li key={step.afterSeconds} data-told={told || undefined}>
              <span className={classes.tick} role="img" aria-label={t(told ? 'plan.told' : 'plan.notYet')}>
                {told && <Icon name="check" />}
              </span>
              <span className={classes.after}>
                {step.afterSeconds === 0
                  ? t('plan.atOnce')
                  : t('plan.after', { after: t(`time.span.${after.unit}`, { n: after.n }) })}
              </span>
              <span>
                {step.tell.map((audience) => t(`audience.${audience}`)).join(t('list.comma'))}{' '}
                <Text span size="sm" c="dimmed">
                  {step.channels.map((channel) => t(`channel.${channel}`)).join(' → ')}
                </Text>
              </span>
            </li>
          );
        })}
      </ol>
      <Text size="xs" c="dimmed">
        {alert.state === 'open'
          ? t('plan.repeats', { again: t(`time.span.${again.unit}`, { n: again.n }) })
          : t('plan.stopped')}
      </Text>
    </Section>
  );
}
