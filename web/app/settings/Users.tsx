import { Button, Select, SimpleGrid, Stack, Table, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { role } from '../../../domain/user.ts';
import { newUser } from '../../wire/session.ts';
import { api } from '../api.ts';
import { queries, useAreas, useHouseholds, useUsers } from '../queries.ts';
import { Section } from '../signs/Section.tsx';
import { Failed, Loading } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';
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

function NewUser() {
  const { t } = useWords();
  const areas = useAreas().data?.areas ?? [];
  const [login, setLogin] = useState('');
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<(typeof role.options)[number]>('operator');
  const [place, setPlace] = useState<string | null>(null);
  const [search, setSearch] = useState('');
  const family = chosen === 'family';
  const homes = useHouseholds(search, 20, 0).data?.households ?? [];
  const body = { login, name, role: chosen, areaId: family ? null : place, householdId: family ? place : null };
  const add = useMutation({
    mutationFn: () => api.addUser(body),
    onSuccess: async () => {
      setLogin('');
      setName('');
      await queries.invalidateQueries({ queryKey: ['users'] });
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    add.mutate();
  };
  const places = family
    ? homes.map(({ id, name: label }) => ({ value: id, label }))
    : areas.map(({ id, name: label }) => ({ value: id, label }));
  return (
    <form onSubmit={submit}>
      <Stack mt="md" gap="sm">
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput
            label={t('users.name')}
            required
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label={t('login.login')}
            required
            minLength={3}
            maxLength={64}
            value={login}
            onChange={(event) => setLogin(event.currentTarget.value)}
          />
          <Select
            label={t('users.role')}
            allowDeselect={false}
            data={role.options.map((value) => ({ value, label: t(`role.${value}`) }))}
            value={chosen}
            onChange={(next) => {
              setChosen(role.options.find((known) => known === next) ?? chosen);
              setPlace(null);
            }}
          />
          <Select
            label={t(family ? 'users.household' : 'users.area')}
            required
            searchable
            data={places}
            value={place}
            onChange={setPlace}
            {...(family ? { onSearchChange: setSearch } : {})}
          />
        </SimpleGrid>
        {add.error && <Failed error={add.error} />}
        {add.data && <ShownOnce title={t('users.linkOnce')} value={add.data.link} onDone={add.reset} />}
        <Button
          type="submit"
          variant="default"
          disabled={place === null || !newUser.safeParse(body).success}
          loading={add.isPending}
        >
          {t('users.add')}
        </Button>
      </Stack>
    </form>
  );
}
