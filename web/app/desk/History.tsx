import { Text } from '@mantine/core';
import { audience } from '../../../domain/plan.ts';
import type { AlertAnswer } from '../../wire/alert.ts';
import { Section } from '../signs/Section.tsx';
import { Clock } from '../signs/Time.tsx';
import { useWords, type Words } from '../words/speak.ts';
import classes from './hand.module.css';

type Event = AlertAnswer['events'][number];

/** Who did what and when, the latest first. */
export function History({ events }: { events: readonly Event[] }) {
  const words = useWords();
  return (
    <Section title={words.t('history.title')}>
      <ol className={classes.history}>
        {events.toReversed().map((event) => (
          <li key={`${event.version} ${event.kind} ${event.at}`}>
            <span className={classes.at}>
              <Clock at={event.at} />
            </span>
            <span>
              <strong>{words.t(`event.${event.kind}`)}</strong>{' '}
              <Text span size="sm" c="dimmed">
                {event.byName ?? words.t('history.shouwang')}
              </Text>
              <span className={classes.text}>{eventText(event, words)}</span>
            </span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** A person's text stands as it was written; Shouwang's own are names and sentences to be put into words. */
function eventText({ kind, text, said }: Event, { t, word, said: inWords }: Words): string {
  if (said) return inWords(said);
  if (kind === 'raised') return word(`rule.${text}`, text);
  if (kind !== 'told') return text;
  return text
    .split(' ')
    .map((one) => audience.safeParse(one).data)
    .flatMap((known) => (known ? [t(`audience.${known}`)] : []))
    .join(t('list.comma'));
}
