import { Button, Text } from '@mantine/core';
import { useState } from 'react';
import { useNow } from '../clock.ts';
import { useTimeline } from '../queries.ts';
import { readingWords } from '../signs/readingWords.ts';
import { Section } from '../signs/Section.tsx';
import { Failed, Loading } from '../signs/States.tsx';
import { date, exactly, timeOfDay } from '../times.ts';
import { useWords } from '../words/speak.ts';
import classes from './household.module.css';

const PAGE = 40;

/** What happened in the home, day by day, the latest first. */
export function Timeline({ id, zone }: { id: string; zone: string }) {
  const words = useWords();
  const { t, language } = words;
  const [limit, setLimit] = useState(PAGE);
  const answer = useTimeline(id, limit);
  const today = date(useNow(), language, zone);
  const entries = answer.data?.entries ?? [];
  const byDay = Map.groupBy(entries, ({ at }) => date(at, language, zone));
  return (
    <Section boxed title={t('timeline.title')}>
      {answer.isPending && <Loading rows={6} height="1.5em" />}
      {answer.error && <Failed error={answer.error} retry={() => void answer.refetch()} />}
      {answer.isSuccess && entries.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('timeline.none')}
        </Text>
      )}
      {[...byDay].map(([day, ofDay]) => (
        <div key={day}>
          <Text size="sm" fw={600} mt="xs">
            {day === today ? t('time.today') : day}
          </Text>
          <ol className={classes.entries}>
            {ofDay.map(({ at, device, deviceName, room, kind, value }) => (
              <li key={`${at} ${device} ${kind}`}>
                <time dateTime={new Date(at).toISOString()} title={exactly(at, language, zone)}>
                  {timeOfDay(at, language, zone)}
                </time>
                <span className={classes.grow}>
                  {t(`reading.kind.${kind}`)} <strong>{readingWords(kind, value, words)}</strong>
                </span>
                <Text span size="sm" c="dimmed">
                  {[room, deviceName || device].filter(Boolean).join(' · ')}
                </Text>
              </li>
            ))}
          </ol>
        </div>
      ))}
      {entries.length === limit && limit < 500 && (
        <Button mt="sm" size="xs" variant="default" onClick={() => setLimit(Math.min(500, limit + PAGE * 2))}>
          {t('timeline.more')}
        </Button>
      )}
    </Section>
  );
}
