import { Skeleton, Text } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { factsOf, type ReadingKind } from '../../../domain/reading.ts';
import { hours, days as inDays } from '../../../domain/time.ts';
import type { DeviceNow, HouseholdFile } from '../../wire/household.ts';
import { useNow } from '../clock.ts';
import { useHousehold, useSeries } from '../queries.ts';
import { unitWords } from '../signs/readingWords.ts';
import { Failed } from '../signs/States.tsx';
import { whenShort } from '../times.ts';
import { useWords } from '../words/speak.ts';
import classes from './household.module.css';
import { bandsOf } from './limits.ts';

const Plot = lazy(() => import('../charts/Plot.tsx').then(({ Plot }) => ({ default: Plot })));

/** Blood pressure is one picture of two lines. */
const partner: Partial<Record<ReadingKind, ReadingKind>> = { systolic: 'diastolic', diastolic: 'systolic' };

/** A vital older than this is no longer how the person is. */
const STALE_MS = inDays(2);

/** What a home measured last of a kind; a point of the picture may be the mean of an hour or a day, which nobody measured. */
const lastOf = ({ devices }: HouseholdFile, kind: ReadingKind) =>
  devices
    .flatMap(({ last }) => last)
    .filter((reading) => reading.kind === kind)
    .reduce<DeviceNow['last'][number] | null>((a, b) => (a && a.at >= b.at ? a : b), null);

type Props = { householdId: string; kind: ReadingKind; days: number };

/** A vital sign over time, with its limits as a band and when it was last measured. */
export function VitalChart({ householdId, kind, days }: Props) {
  const words = useWords();
  const { t, language } = words;
  const now = useNow();
  const household = useHousehold(householdId);
  const file = household.data;
  const zone = file?.household.settings.zone ?? 'Asia/Shanghai';
  const to = Math.ceil(now / hours(1)) * hours(1);
  const wanted = {
    from: to - inDays(days),
    to,
    size: days > 14 ? (86_400 as const) : days > 1 ? (3_600 as const) : (0 as const),
  };
  const other = partner[kind];
  const series = useSeries(householdId, { kind, ...wanted });
  const second = useSeries(householdId, { kind: other ?? kind, ...wanted });
  if (series.error) return <Failed error={series.error} retry={() => void series.refetch()} />;
  if (household.error && !file) return <Failed error={household.error} retry={() => void household.refetch()} />;
  if (!series.data || !file) return <Skeleton height="var(--sw-chart)" />;
  const points = series.data.points.toSorted((a, b) => a.at - b.at);
  const last = lastOf(file, kind);
  const unit = unitWords(factsOf(kind).unit ?? '', words);
  const name = t(other ? 'vitals.bloodPressure' : `reading.kind.${kind}`);
  if (!last || points.length === 0) {
    return (
      <figure className={classes.chart}>
        <figcaption>{name}</figcaption>
        <Text size="sm" c="dimmed">
          {t('vitals.none')}
        </Text>
      </figure>
    );
  }
  const lines = other && second.data ? [points, second.data.points.toSorted((a, b) => a.at - b.at)] : [points];
  const latest = [last, other && lastOf(file, other)].flatMap((it) =>
    it ? Math.round(Number(it.value) * 10) / 10 : [],
  );
  return (
    <figure className={classes.chart} data-stale={now - last.at > STALE_MS || undefined}>
      <figcaption>
        {name} <strong>{`${latest.join('/')} ${unit}`}</strong>{' '}
        <Text span size="xs" c="dimmed">
          {t('vitals.measured', { when: whenShort(last.at, now, language, zone) })}
          {now - last.at > STALE_MS && ` · ${t('vitals.stale')}`}
        </Text>
      </figcaption>
      <Suspense fallback={<Skeleton height="var(--sw-chart)" />}>
        <Plot
          lines={lines}
          bands={(other ? [kind, other] : [kind]).flatMap((one) => bandsOf(file.residents, one))}
          from={wanted.from}
          to={to}
          unit={unit}
          zone={zone}
          label={t('vitals.label', { name, days })}
        />
      </Suspense>
    </figure>
  );
}
