import { ActionIcon, Group, Kbd, SegmentedControl, Text, TextInput } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { RefObject } from 'react';
import type { QueueAnswer, QueuedAlert } from '../../wire/alert.ts';
import { Icon } from '../signs/Icon.tsx';
import { Empty, Failed, Loading } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';
import classes from './desk.module.css';
import { type List, lists } from './lists.ts';
import { QueueRow } from './QueueRow.tsx';

type Props = {
  queue: UseQueryResult<QueueAnswer>;
  rows: readonly QueuedAlert[];
  list: List;
  search: string;
  setSearch: (search: string) => void;
  searchRef: RefObject<HTMLInputElement | null>;
  settling: boolean;
  inHand: string | undefined;
  touched: () => void;
  onHelp: () => void;
};

export function Queue({ queue, rows, list, settling, inHand, touched, ...head }: Props) {
  const there = new Set(queue.data?.alerts.map(({ id }) => id));
  return (
    <>
      <QueueHead list={list} counts={queue.data?.counts} settling={settling} {...head} />
      {queue.error && (
        <div className={classes.notice}>
          <Failed error={queue.error} retry={() => void queue.refetch()} />
        </div>
      )}
      {queue.isPending && <Loading rows={8} />}
      {queue.isSuccess && rows.length === 0 && <Nothing list={list} searched={there.size > 0} />}
      <ul className={classes.rows} onPointerDown={touched}>
        {rows.map((alert) => (
          <QueueRow key={alert.id} alert={alert} list={list} chosen={alert.id === inHand} gone={!there.has(alert.id)} />
        ))}
      </ul>
    </>
  );
}

/** An empty queue is spoken of beside it, at length. */
function Nothing({ list, searched }: { list: List; searched: boolean }) {
  const { t } = useWords();
  if (searched) return <Empty icon="search" title={t('desk.notFound')} />;
  return list === 'unclosed' ? null : <Empty icon="check" title={t(`desk.none.${list}`)} />;
}

type HeadProps = Pick<Props, 'list' | 'search' | 'setSearch' | 'searchRef' | 'onHelp'> & {
  counts: QueueAnswer['counts'] | undefined;
  settling: boolean;
};

function QueueHead({ list, search, setSearch, searchRef, onHelp, counts, settling }: HeadProps) {
  const { t } = useWords();
  const { open = 0, taken = 0, attended = 0 } = counts ?? {};
  const navigate = useNavigate({ from: '/' });
  const show = (value: string): void => {
    const next = lists.find((known) => known === value) ?? 'unclosed';
    void navigate({ search: next === 'unclosed' ? {} : { list: next } });
  };
  return (
    <div className={classes.head}>
      <Group gap="xs" wrap="nowrap">
        <SegmentedControl
          size="xs"
          fullWidth
          className={classes.lists ?? ''}
          aria-label={t('desk.lists')}
          value={list}
          onChange={show}
          data={lists.map((value) => ({ value, label: t(`desk.list.${value}`) }))}
        />
        <ActionIcon variant="subtle" color="gray" aria-label={t('keys.title')} onClick={onHelp} visibleFrom="md">
          <Icon name="help" />
        </ActionIcon>
      </Group>
      <TextInput
        ref={searchRef}
        size="xs"
        aria-label={t('desk.search')}
        placeholder={t('desk.search')}
        leftSection={<Icon name="search" />}
        rightSection={<Kbd size="xs">/</Kbd>}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          setSearch('');
          event.currentTarget.blur();
        }}
      />
      {/* News about the order takes the place of the counts, so that it moves no row itself. */}
      <Text size="xs" c={settling ? 'var(--mantine-color-text)' : 'dimmed'} fw={settling ? 600 : 400} role="status">
        {settling ? t('desk.settling') : t('desk.counts', { open, taken, attended })}
      </Text>
    </div>
  );
}
