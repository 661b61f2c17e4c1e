import { Table, Text } from '@mantine/core';
import { factsOf, type ReadingKind } from '../../../domain/reading.ts';
import type { AlertAnswer, QueuedAlert } from '../../wire/alert.ts';
import { useNow } from '../clock.ts';
import { DayPicture } from '../household/DayPicture.tsx';
import { VitalChart } from '../household/VitalChart.tsx';
import { useHousehold } from '../queries.ts';
import { readingWords } from '../signs/readingWords.ts';
import { Section } from '../signs/Section.tsx';
import { Age, Clock } from '../signs/Time.tsx';
import { roughly } from '../times.ts';
import { useWords } from '../words/speak.ts';
import classes from './hand.module.css';
import { numberWords } from './numberWords.ts';

type Props = { alert: QueuedAlert; occurrences: AlertAnswer['occurrences'] };

/** What the conclusion rests on: the readings, the numbers that were compared, and the days around them. */
export function Evidence({ alert, occurrences }: Props) {
  const words = useWords();
  const { t } = words;
  const { readings, numbers } = alert.evidence;
  const names = useDeviceNames(alert.householdId);
  const measured = readings.find(({ kind }) => factsOf(kind).retain === 'vital')?.kind;
  const restless = alert.category === 'inactivity' || alert.category === 'door_open';
  return (
    <Section title={t('evidence.title')}>
      {readings.length > 0 && (
        <Table className={classes.table ?? ''} verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('evidence.when')}</Table.Th>
              <Table.Th>{t('evidence.device')}</Table.Th>
              <Table.Th>{t('evidence.reading')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {readings.map(({ at, device, kind, value }) => (
              <Table.Tr key={`${device} ${kind} ${at}`}>
                <Table.Td>
                  <Clock at={at} />
                </Table.Td>
                <Table.Td>{names.get(device) ?? (device || t('device.hub'))}</Table.Td>
                <Table.Td>
                  {t(`reading.kind.${kind}`)} <strong>{readingWords(kind, value, words)}</strong>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <Numbers numbers={numbers} kind={measured} />
      <Occurrences occurrences={occurrences} />
      {measured && <VitalChart householdId={alert.householdId} kind={measured} days={7} />}
      {restless && <DayPicture householdId={alert.householdId} />}
      <Text size="xs" c="dimmed">
        {t('evidence.rule', { rule: words.word(`rule.${alert.rule}`, alert.rule) })}
      </Text>
    </Section>
  );
}

/** What the household calls its devices, by their keys. */
function useDeviceNames(householdId: string): ReadonlyMap<string, string> {
  const devices = useHousehold(householdId).data?.devices ?? [];
  return new Map(devices.map(({ key, name, room }) => [key, [room, name || key].filter(Boolean).join(' · ')]));
}

function Numbers({ numbers, kind }: { numbers: QueuedAlert['evidence']['numbers']; kind: ReadingKind | undefined }) {
  const words = useWords();
  const now = useNow();
  // The head of the alert speaks of a delay that matters.
  const entries = Object.entries(numbers).filter(([name]) => name !== 'delayMs');
  if (entries.length === 0) return null;
  return (
    <dl className={classes.numbers}>
      {entries.map(([name, value]) => {
        const { label, text } = numberWords(name, value, { kind, now }, words);
        return (
          <div key={name}>
            <dt>{label}</dt>
            <dd>{text}</dd>
          </div>
        );
      })}
    </dl>
  );
}

function Occurrences({ occurrences }: { occurrences: AlertAnswer['occurrences'] }) {
  const { t } = useWords();
  if (occurrences.length < 2) return null;
  return (
    <details className={classes.more}>
      <summary>{t('evidence.occurrences', { n: occurrences.length })}</summary>
      <ul>
        {occurrences.map(({ at, delayMs, text }) => {
          const late = roughly(delayMs);
          return (
            <li key={`${at} ${text}`}>
              <Clock at={at} /> · <Age at={at} />
              {late.n > 0 && ` · ${t('desk.late', { late: t(`time.span.${late.unit}`, { n: late.n }) })}`}
            </li>
          );
        })}
      </ul>
    </details>
  );
}
