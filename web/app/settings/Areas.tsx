import { Button, Group, Select, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Area, areaKind } from '../../../domain/household.ts';
import { api } from '../api.ts';
import { queries, useAreas } from '../queries.ts';
import { Section } from '../signs/Section.tsx';
import { Failed, Loading } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';
import classes from './settings.module.css';

/** City, district, street, station: every household belongs to a station, and every user to one of these. */
export function Areas() {
  const { t } = useWords();
  const areas = useAreas();
  const all = areas.data?.areas ?? [];
  const known = new Set(all.map(({ id }) => id));
  const roots = all.filter(({ parentId }) => parentId === null || !known.has(parentId));
  return (
    <Section boxed title={t('areas.title')}>
      {areas.isPending && <Loading rows={3} />}
      {areas.error && <Failed error={areas.error} retry={() => void areas.refetch()} />}
      <Branch areas={roots} all={all} />
      <NewArea areas={all} />
    </Section>
  );
}

function Branch({ areas, all }: { areas: readonly Area[]; all: readonly Area[] }) {
  const { t } = useWords();
  if (areas.length === 0) return null;
  return (
    <ul className={classes.tree}>
      {areas.map((area) => (
        <li key={area.id}>
          {area.name}{' '}
          <Text span size="sm" c="dimmed">
            {t(`areaKind.${area.kind}`)}
          </Text>
          <Branch areas={all.filter(({ parentId }) => parentId === area.id)} all={all} />
        </li>
      ))}
    </ul>
  );
}

function NewArea({ areas }: { areas: readonly Area[] }) {
  const { t } = useWords();
  const [kind, setKind] = useState<Area['kind']>('station');
  const [parentId, setParentId] = useState<string | null>(null);
  const [name, setName] = useState('');
  const add = useMutation({
    mutationFn: (parent: string) => api.addArea({ kind, parentId: parent, name: name.trim() }),
    onSuccess: async () => {
      setName('');
      await queries.invalidateQueries({ queryKey: ['areas'] });
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (parentId !== null) add.mutate(parentId);
  };
  return (
    <form onSubmit={submit}>
      <Group mt="md" align="flex-end" grow preventGrowOverflow={false}>
        <Select
          label={t('areas.kind')}
          allowDeselect={false}
          data={areaKind.options.map((value) => ({ value, label: t(`areaKind.${value}`) }))}
          value={kind}
          onChange={(next) => setKind(areaKind.options.find((value) => value === next) ?? kind)}
        />
        <Select
          label={t('areas.parent')}
          searchable
          data={areas.map((area) => ({ value: area.id, label: area.name }))}
          value={parentId}
          onChange={setParentId}
        />
        <TextInput
          label={t('areas.name')}
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button
          type="submit"
          variant="default"
          disabled={parentId === null || name.trim() === ''}
          loading={add.isPending}
        >
          {t('areas.add')}
        </Button>
      </Group>
      {add.error && <Failed error={add.error} />}
    </form>
  );
}
