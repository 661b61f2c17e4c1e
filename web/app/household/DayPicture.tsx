import { Text } from '@mantine/core';
import { hours, localTime } from '../../../domain/time.ts';
import type { SeriesAnswer } from '../../wire/household.ts';
import { useNow } from '../clock.ts';
import { useHousehold, useSeries } from '../queries.ts';
import { Failed } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';
import classes from './household.module.css';

const HOURS = 24;

/** The last 24 hours, a row a room and a cell an hour: how often something moved there. */
export function DayPicture({ householdId }: { householdId: string }) {
  const { t } = useWords();
  const zone = useHousehold(householdId).data?.household.settings.zone ?? 'Asia/Shanghai';
  const to = Math.ceil(useNow() / hours(1)) * hours(1);
  const series = useSeries(householdId, { kind: 'motion', from: to - hours(HOURS), to, size: 3_600 });
  if (series.error) return <Failed error={series.error} retry={() => void series.refetch()} />;
  const rooms = byRoom(series.data?.points ?? [], to);
  const most = Math.max(1, ...rooms.flatMap(([, cells]) => cells));
  if (rooms.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t('activity.none')}
      </Text>
    );
  }
  return (
    <div className={classes.day} role="img" aria-label={t('activity.label')}>
      {rooms.map(([room, cells]) => (
        <div key={room} className={classes.room}>
          <span className={classes.roomName}>{room || t('activity.elsewhere')}</span>
          {cells.map((n, hour) => {
            const at = to - hours(HOURS - hour);
            return (
              <span
                key={at}
                className={classes.cell}
                data-none={n === 0 || undefined}
                style={{ opacity: n === 0 ? 0.6 : 0.15 + 0.85 * Math.sqrt(n / most) }}
                title={t('activity.cell', { time: localTime(at, zone).time, n })}
              />
            );
          })}
        </div>
      ))}
      <div className={classes.room} aria-hidden>
        <span className={classes.roomName} />
        {Array.from({ length: HOURS }, (_, hour) => to - hours(HOURS - hour)).map((at) => {
          const { minuteOfDay } = localTime(at, zone);
          return (
            <span key={at} className={classes.hour}>
              {minuteOfDay % 180 === 0 ? minuteOfDay / 60 : ''}
            </span>
          );
        })}
      </div>
    </div>
  );
}

function byRoom(points: SeriesAnswer['points'], to: number): [string, number[]][] {
  const rooms = new Map<string, number[]>();
  for (const { at, room, n } of points) {
    const cells = rooms.get(room) ?? Array.from({ length: HOURS }, () => 0);
    const hour = HOURS - Math.ceil((to - at) / hours(1));
    if (hour >= 0 && hour < HOURS) cells[hour] = (cells[hour] ?? 0) + n;
    rooms.set(room, cells);
  }
  return [...rooms].toSorted(([a], [b]) => a.localeCompare(b, 'zh'));
}
