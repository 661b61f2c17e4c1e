import type { ReactNode } from 'react';
import { useSystem } from '../queries.ts';
import { Failed, Loading } from '../signs/States.tsx';
import { When } from '../signs/Time.tsx';
import { useWords } from '../words/speak.ts';
import classes from './quiet.module.css';

/** What is being watched, and whether Shouwang keeps up with it. */
export function Watched() {
  const { t } = useWords();
  const system = useSystem();
  if (system.isPending) return <Loading rows={2} />;
  if (!system.data) return <Failed error={system.error} retry={() => void system.refetch()} />;
  const { households, hubs, packetsLastHour, processorBehindMs, lastClosedAt } = system.data;
  return (
    <dl className={classes.figures}>
      <Figure value={households.live} word={t('quiet.live')}>
        {t('quiet.notLive', { commissioning: households.commissioning, paused: households.paused })}
      </Figure>
      <Figure value={hubs.connected} word={t('quiet.connected')} unknown={hubs.lost > 0}>
        {t('quiet.hubsLost', { lost: hubs.lost, never: hubs.neverHeard })}
      </Figure>
      <Figure value={packetsLastHour} word={t('quiet.packets')}>
        {t('quiet.behind', { seconds: Math.round(processorBehindMs / 1_000) })}
      </Figure>
      <Figure value={lastClosedAt === null ? '–' : <When at={lastClosedAt} />} word={t('quiet.closedAt')} small />
    </dl>
  );
}

type FigureProps = { value: ReactNode; word: string; children?: ReactNode; unknown?: boolean; small?: boolean };

function Figure({ value, word, children, unknown = false, small = false }: FigureProps) {
  return (
    <div className={classes.figure} data-unknown={unknown || undefined}>
      <dt>{word}</dt>
      <dd className={classes.value} data-small={small || undefined}>
        {typeof value === 'number' ? value.toLocaleString() : value}
      </dd>
      {children && <dd className={classes.more}>{children}</dd>}
    </div>
  );
}
