import { Button, Container, Group, Pagination, Table, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Link, Navigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useHouseholds, useMay, useMe } from '../queries.ts';
import { Icon } from '../signs/Icon.tsx';
import { Empty, Failed, Loading } from '../signs/States.tsx';
import { Tag } from '../signs/Tag.tsx';
import { Age } from '../signs/Time.tsx';
import { useWords } from '../words/speak.ts';
import classes from './household.module.css';
import { ModeTag } from './ModeTag.tsx';

const PAGE = 50;
const TYPING_MS = 250;

export function HouseholdsPage() {
  const { t } = useWords();
  const me = useMe();
  const mayRegister = useMay('hub.edit');
  const [search, setSearch] = useState('');
  const [page, setPage] = useState(1);
  const [wanted] = useDebouncedValue(search, TYPING_MS);
  const answer = useHouseholds(wanted, PAGE, (page - 1) * PAGE);
  const total = answer.data?.total ?? 0;
  if (me.householdId !== null) return <Navigate to="/households/$id" params={{ id: me.householdId }} replace />;
  return (
    <Container size="var(--sw-page)" py="md">
      <Group justify="space-between" mb="md">
        <Title order={1}>{t('households.title')}</Title>
        {mayRegister && (
          <Button component={Link} to="/register" leftSection={<Icon name="plus" />}>
            {t('nav.register')}
          </Button>
        )}
      </Group>
      <TextInput
        size="md"
        mb="sm"
        aria-label={t('households.search')}
        placeholder={t('households.search')}
        leftSection={<Icon name="search" />}
        value={search}
        onChange={(event) => {
          setSearch(event.currentTarget.value);
          setPage(1);
        }}
      />
      {answer.isPending && <Loading rows={8} />}
      {answer.error && <Failed error={answer.error} retry={() => void answer.refetch()} />}
      {answer.data && total === 0 && (
        <Empty icon="home" title={t(wanted === '' ? 'households.none' : 'households.notFound')}>
          {wanted === '' && t('households.first')}
        </Empty>
      )}
      {answer.data && total > 0 && <Rows households={answer.data.households} />}
      {total > PAGE && (
        <Group justify="space-between" mt="md">
          <Text size="sm" c="dimmed">
            {t('households.total', { n: total })}
          </Text>
          <Pagination
            value={page}
            onChange={setPage}
            total={Math.ceil(total / PAGE)}
            getControlProps={(control) => ({ 'aria-label': t(control === 'next' ? 'state.next' : 'state.previous') })}
          />
        </Group>
      )}
    </Container>
  );
}

type Row = NonNullable<ReturnType<typeof useHouseholds>['data']>['households'][number];

function Rows({ households }: { households: readonly Row[] }) {
  const { t } = useWords();
  return (
    <div className={classes.tableBox}>
      <Table className={classes.table ?? ''} highlightOnHover verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('households.name')}</Table.Th>
            <Table.Th>{t('households.residents')}</Table.Th>
            <Table.Th>{t('households.station')}</Table.Th>
            <Table.Th>{t('households.state')}</Table.Th>
            <Table.Th>{t('households.heard')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {households.map((row) => (
            <Table.Tr key={row.id}>
              <Table.Td>
                <Link to="/households/$id" params={{ id: row.id }} className={classes.rowLink ?? ''}>
                  {row.name}
                </Link>
                <Text size="sm" c="dimmed">
                  {row.address}
                </Text>
              </Table.Td>
              <Table.Td>{row.residents.join(t('list.comma'))}</Table.Td>
              <Table.Td>{row.stationName}</Table.Td>
              <Table.Td>
                <Group gap="xs">
                  <ModeTag mode={row.mode} />
                  {row.openAlerts > 0 && <Tag>{t('households.openAlerts', { n: row.openAlerts })}</Tag>}
                </Group>
              </Table.Td>
              <Table.Td>
                {row.lastHeardAt === null ? (
                  <Tag tone="unknown">{t('device.state.never_heard')}</Tag>
                ) : (
                  <Age at={row.lastHeardAt} />
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
