import { Button, Table, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { api } from '../api.ts';
import { useAreas, useUsers } from '../queries.ts';
import { Section } from '../signs/Section.tsx';
import { Failed, Loading } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';
import { NewUser } from './NewUser.tsx';
import { ShownOnce } from './ShownOnce.tsx';

/** Who may log in. A new user, and one who forgot, gets a link that works once. */
export function Users() {
  const { t } = useWords();
  const users = useUsers();
  const areas = useAreas().data?.areas ?? [];
  const link = useMutation({ mutationFn: (id: string) => api.newLink(id) });
  return (
    <Section boxed title={t('users.title')}>
      {users.isPending && <Loading rows={3} />}
      {users.error && <Failed error={users.error} retry={() => void users.refetch()} />}
      <Table.ScrollContainer minWidth="var(--sw-narrow)">
        <Table verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('users.name')}</Table.Th>
              <Table.Th>{t('users.role')}</Table.Th>
              <Table.Th>{t('users.where')}</Table.Th>
              <Table.Th>{t('users.linkTitle')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {users.data?.users.map((user) => (
              <Table.Tr key={user.id}>
                <Table.Td>
                  {user.name}
                  <Text size="sm" c="dimmed">
                    {user.login}
                  </Text>
                </Table.Td>
                <Table.Td>{t(`role.${user.role}`)}</Table.Td>
                <Table.Td>{areas.find(({ id }) => id === user.areaId)?.name ?? user.householdId ?? ''}</Table.Td>
                <Table.Td>
                  <Button size="xs" variant="default" loading={link.isPending} onClick={() => link.mutate(user.id)}>
                    {t('users.newLink')}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {link.error && <Failed error={link.error} />}
      {link.data && <ShownOnce title={t('users.linkOnce')} value={link.data.link} onDone={link.reset} />}
      <NewUser />
    </Section>
  );
}
