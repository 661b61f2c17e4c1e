import { ActionIcon, SegmentedControl, VisuallyHidden } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { QueuedAlert } from '../../wire/alert.ts';
import { FilePanel } from '../household/FilePanel.tsx';
import { useAlert, useQueue } from '../queries.ts';
import { Icon } from '../signs/Icon.tsx';
import { Loading } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';
import classes from './desk.module.css';
import { found } from './filter.ts';
import { Hand } from './Hand.tsx';
import { KeysHelp } from './KeysHelp.tsx';
import { Queue } from './Queue.tsx';
import { Quiet } from './Quiet.tsx';
import { useSettled } from './settle.ts';
import { useKeys } from './useKeys.ts';

type View = 'alert' | 'file';

const none: readonly QueuedAlert[] = [];

/** The queue, the alert in hand, and the file of its household. */
export function Desk() {
  const { t } = useWords();
  const navigate = useNavigate({ from: '/' });
  const asked = useSearch({ from: '/' });
  const { alert: inHand, list = 'unclosed' } = asked;
  const queue = useQueue(list);
  const alerts = queue.data?.alerts ?? none;
  const [search, setSearch] = useState('');
  const [view, setView] = useState<View>('alert');
  const [help, setHelp] = useState(false);
  const listRef = useRef<HTMLElement>(null);
  const searchRef = useRef<HTMLInputElement>(null);
  const matching = useFound(alerts, search);
  const { rows, settling, touched } = useSettled(matching, listRef);
  const open = (id: string | undefined, replace = true): void => {
    setView('alert');
    void navigate({ search: { alert: id, list: asked.list }, replace });
  };
  useFirst(inHand, rows, open);
  const row = alerts.find(({ id }) => id === inHand);

  const move = (by: 1 | -1): void => {
    touched();
    const at = rows.findIndex(({ id }) => id === inHand);
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
    if (!next) return;
    open(next.id);
    listRef.current?.querySelector<HTMLElement>(`[data-alert="${CSS.escape(next.id)}"]`)?.focus();
  };
  useKeys({ j: () => move(1), k: () => move(-1), '/': () => searchRef.current?.focus(), '?': () => setHelp(true) });

  const quiet = queue.isSuccess && alerts.length === 0 && !inHand;
  return (
    <div
      className={classes.desk}
      data-in-hand={inHand ? true : undefined}
      data-view={view}
      data-quiet={quiet || undefined}
    >
      <VisuallyHidden component="h1">{t('nav.desk')}</VisuallyHidden>
      <section className={classes.queue} aria-label={t('desk.queue')} ref={listRef}>
        <Queue
          {...{ queue, rows, list, search, setSearch, searchRef, settling, inHand, touched }}
          onHelp={() => setHelp(true)}
        />
      </section>
      {inHand ? (
        <>
          <ViewSwitch view={view} onView={setView} onBack={() => open(undefined, false)} />
          <section className={classes.hand} aria-label={t('desk.alert')}>
            <Hand key={inHand} id={inHand} row={row} />
          </section>
          <section className={classes.file} aria-label={t('desk.file')}>
            <FileOfAlert id={inHand} row={row} />
          </section>
        </>
      ) : (
        <section className={classes.quiet} aria-label={t('quiet.title')}>
          {queue.isSuccess && <Quiet busy={alerts.length > 0} />}
        </section>
      )}
      <KeysHelp opened={help} onClose={() => setHelp(false)} />
    </div>
  );
}

/** With room for it, the first of the queue lies open; afterwards only the operator changes what is in hand. */
function useFirst(inHand: string | undefined, rows: readonly QueuedAlert[], open: (id: string) => void): void {
  const wide = useMediaQuery('(min-width: 62em)', false, { getInitialValueInEffect: false });
  const first = rows[0]?.id;
  useEffect(() => {
    if (wide && inHand === undefined && first !== undefined) open(first);
  });
}

function FileOfAlert({ id, row }: { id: string; row: QueuedAlert | undefined }) {
  const householdId = useAlert(id).data?.alert.householdId ?? row?.householdId;
  return householdId === undefined ? <Loading rows={4} /> : <FilePanel key={householdId} id={householdId} />;
}

/** What a search finds: any word that stands on a row or in the reason. */
function useFound(alerts: readonly QueuedAlert[], search: string): readonly QueuedAlert[] {
  const { t, said } = useWords();
  return useMemo(
    () =>
      found(alerts, search, (a) =>
        [
          a.householdName,
          a.address,
          a.stationName,
          a.subjectName,
          a.takenByName,
          t(`category.${a.category}`),
          said(a.sentence),
        ].join(' '),
      ),
    [alerts, search, t, said],
  );
}

type ViewSwitchProps = { view: View; onView: (view: View) => void; onBack: () => void };

/** Where there is no room for three columns. */
function ViewSwitch({ view, onView, onBack }: ViewSwitchProps) {
  const { t } = useWords();
  return (
    <div className={classes.switch}>
      <ActionIcon
        className={classes.back ?? ''}
        variant="default"
        size="xl"
        aria-label={t('desk.back')}
        onClick={onBack}
      >
        <Icon name="back" />
      </ActionIcon>
      <SegmentedControl
        fullWidth
        aria-label={t('desk.view')}
        value={view}
        onChange={(value) => onView(value === 'file' ? 'file' : 'alert')}
        data={[
          { value: 'alert', label: t('desk.alert') },
          { value: 'file', label: t('desk.file') },
        ]}
      />
    </div>
  );
}
