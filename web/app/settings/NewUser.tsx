import { Button, Select, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Role, role as roles } from '../../../domain/user.ts';
import { newUser } from '../../wire/session.ts';
import { api } from '../api.ts';
import { queries, useAreas, useHouseholds } from '../queries.ts';
import { Failed } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';
import { ShownOnce } from './ShownOnce.tsx';

/** A new user: who, as what, and where; a family member belongs to one household, everybody else to an area. */
export function NewUser() {
  const { t } = useWords();
  const [login, setLogin] = useState('');
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<Role>('operator');
  const [place, setPlace] = useState<string | null>(null);
  const family = chosen === 'family';
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
          <RoleSelect
            role={chosen}
            onRole={(next) => {
              setChosen(next);
              setPlace(null);
            }}
          />
          <PlaceSelect family={family} place={place} onPlace={setPlace} />
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

function RoleSelect({ role, onRole }: { role: Role; onRole: (next: Role) => void }) {
  const { t } = useWords();
  return (
    <Select
      label={t('users.role')}
      allowDeselect={false}
      data={roles.options.map((value) => ({ value, label: t(`role.${value}`) }))}
      value={role}
      onChange={(next) => onRole(roles.options.find((known) => known === next) ?? role)}
    />
  );
}

type PlaceProps = { family: boolean; place: string | null; onPlace: (next: string | null) => void };

function PlaceSelect({ family, place, onPlace }: PlaceProps) {
  const { t } = useWords();
  const [search, setSearch] = useState('');
  const areas = useAreas().data?.areas ?? [];
  const homes = useHouseholds(search, 20, 0).data?.households ?? [];
  return (
    <Select
      label={t(family ? 'users.household' : 'users.area')}
      required
      searchable
      data={(family ? homes : areas).map(({ id, name }) => ({ value: id, label: name }))}
      value={place}
      onChange={onPlace}
      {...(family ? { onSearchChange: setSearch } : {})}
    />
  );
}
