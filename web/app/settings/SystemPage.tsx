import { Container, Stack, Table, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { SystemAnswer } from '../../wire/system.ts';
import { Watched } from '../desk/Watched.tsx';
import { NotAllowed } from '../frame/Nowhere.tsx';
import { useMay, useSystem } from '../queries.ts';
import { Section } from '../signs/Section.tsx';
import { When } from '../signs/Time.tsx';
import { useWords } from '../words/speak.ts';
import classes from './settings.module.css';

/** How Shouwang itself is, and what it heard but could not read. */
export function SystemPage() {
  const { t } = useWords();
  const may = useMay('system.see');
  const system = useSystem();
  if (!may) return <NotAllowed />;
  return (
    <Container size="md" py="md">
      <Title order={1} mb="md">
        {t('nav.system')}
      </Title>
      <Stack>
        <Watched />
        {system.data && <Unreadable rows={system.data.unreadable} />}
      </Stack>
    </Container>
  );
}

function Unreadable({ rows }: { rows: SystemAnswer['unreadable'] }) {
  const { t, word } = useWords();
  return (
    <Section boxed title={t('unreadable.title')}>
      <Text size="sm" c="dimmed" mb="xs">
        {t(rows.length === 0 ? 'unreadable.none' : 'unreadable.means')}
      </Text>
      {rows.length > 0 && (
        <Table.ScrollContainer minWidth="var(--sw-narrow)">
          <Table verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('unreadable.from')}</Table.Th>
                <Table.Th>{t('unreadable.why')}</Table.Th>
                <Table.Th>{t('unreadable.count')}</Table.Th>
                <Table.Th>{t('unreadable.last')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Table.Tr key={`${row.hubId} ${row.topic} ${row.reason}`}>
                  <Table.Td>
                    <Link to="/households/$id" params={{ id: row.householdId }} className={classes.link ?? ''}>
                      {row.householdName}
                    </Link>
                    <code className={classes.sample}>{row.topic}</code>
                    <code className={classes.sample}>{row.sample}</code>
                  </Table.Td>
                  <Table.Td>{word(`unreadableReason.${row.reason}`, row.reason)}</Table.Td>
                  <Table.Td>{row.count}</Table.Td>
                  <Table.Td>
                    <When at={row.lastAt} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Section>
  );
}
