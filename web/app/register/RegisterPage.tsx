import {
  Alert,
  Button,
  Checkbox,
  Container,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
  Title,
} from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import type * as z from 'zod';
import type { Ecosystem } from '../../../domain/hub.ts';
import type { registration } from '../../wire/household.ts';
import { api } from '../api.ts';
import { NotAllowed } from '../frame/Nowhere.tsx';
import { blankContact, blankResident } from '../household/blank.ts';
import { ContactFields } from '../household/ContactFields.tsx';
import { ResidentFields } from '../household/ResidentFields.tsx';
import { queries, useAreas, useMay } from '../queries.ts';
import { Section } from '../signs/Section.tsx';
import { Failed } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';
import { blank, blankHub, type Draft, forget, keep, keptDraft, registrationOf } from './draft.ts';
import { HubFields } from './HubFields.tsx';
import { HubSettings } from './HubSettings.tsx';
import { Rows } from './Rows.tsx';

/** A household, its residents, whom to call and its hub, in one step. */
export function RegisterPage() {
  const { t } = useWords();
  const may = useMay('hub.edit');
  const [draft, setDraft] = useState(keptDraft);
  const [ecosystem, setEcosystem] = useState<Ecosystem>('zigbee2mqtt');
  useEffect(() => keep(draft), [draft]);
  const register = useMutation({
    mutationFn: (one: z.input<typeof registration>) => api.register({ registrations: [one] }),
    onSuccess: async (_, one) => {
      setEcosystem(one.hub?.ecosystem ?? 'zigbee2mqtt');
      forget();
      setDraft(blank());
      await queries.invalidateQueries({ queryKey: ['households'] });
    },
  });
  if (!may) return <NotAllowed />;
  const registered = register.data?.registered[0];
  return (
    <Container size="md" py="md">
      <Title order={1} mb="md">
        {t('register.title')}
      </Title>
      {registered ? (
        <Registered registered={registered} ecosystem={ecosystem} onNext={register.reset} />
      ) : (
        <Form
          draft={draft}
          setDraft={setDraft}
          onReady={register.mutate}
          busy={register.isPending}
          error={register.error}
        />
      )}
    </Container>
  );
}

type FormProps = {
  draft: Draft;
  setDraft: (next: Draft) => void;
  onReady: (one: z.input<typeof registration>) => void;
  busy: boolean;
  error: Error | null;
};

function Form({ draft, setDraft, onReady, busy, error }: FormProps) {
  const { t } = useWords();
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });
  const result = registrationOf(draft);
  const missing = 'missing' in result ? result.missing : [];
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if ('ready' in result) onReady(result.ready);
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <HouseholdPart draft={draft} change={change} />
        <Section boxed title={t('residents.title')}>
          <Rows
            rows={draft.residents}
            onChange={(residents) => change({ residents })}
            blank={blankResident}
            add={t('residents.add')}
            remove={t('residents.remove')}
            fields={(value, onChange) => <ResidentFields value={value} onChange={onChange} />}
          />
        </Section>
        <Section boxed title={t('contacts.title')}>
          <Rows
            rows={draft.contacts}
            onChange={(contacts) => change({ contacts })}
            blank={() => blankContact(draft.contacts.length + 1)}
            add={t('contacts.add')}
            remove={t('contacts.remove')}
            fields={(value, onChange) => <ContactFields value={value} onChange={onChange} />}
          />
        </Section>
        <Section boxed title={t('hub.title')}>
          <Stack>
            <Checkbox
              label={t('register.withHub')}
              checked={draft.hub !== null}
              onChange={(event) => change({ hub: event.currentTarget.checked ? blankHub() : null })}
            />
            {draft.hub && <HubFields value={draft.hub} onChange={(hub) => change({ hub })} />}
          </Stack>
        </Section>
        {error && <Failed error={error} />}
        {missing.length > 0 && (
          <Text size="sm" c="dimmed">
            {t('register.missing', { what: missing.map((part) => t(`register.part.${part}`)).join(t('list.comma')) })}
          </Text>
        )}
        <Button type="submit" size="lg" disabled={missing.length > 0} loading={busy}>
          {t('register.submit')}
        </Button>
      </Stack>
    </form>
  );
}

function HouseholdPart({ draft, change }: { draft: Draft; change: (part: Partial<Draft>) => void }) {
  const { t } = useWords();
  const stations = useAreas().data?.areas.filter(({ kind }) => kind === 'station') ?? [];
  const home = (part: Partial<Draft['household']>): void => change({ household: { ...draft.household, ...part } });
  return (
    <Section boxed title={t('register.household')}>
      <Stack>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput
            label={t('file.name')}
            placeholder={t('register.nameHint')}
            required
            maxLength={100}
            value={draft.household.name}
            onChange={(event) => home({ name: event.currentTarget.value })}
          />
          <Select
            label={t('households.station')}
            required
            searchable
            data={stations.map(({ id, name }) => ({ value: id, label: name }))}
            nothingFoundMessage={t('register.noStation')}
            value={draft.stationId}
            onChange={(stationId) => change({ stationId })}
          />
        </SimpleGrid>
        <TextInput
          label={t('file.address')}
          maxLength={300}
          value={draft.household.address}
          onChange={(event) => home({ address: event.currentTarget.value })}
        />
        <Textarea
          label={t('access.title')}
          placeholder={t('register.accessHint')}
          description={t('access.recorded')}
          autosize
          maxLength={1_000}
          value={draft.household.access}
          onChange={(event) => home({ access: event.currentTarget.value })}
        />
        <Switch
          label={t('register.live')}
          description={t('register.liveMeans')}
          checked={draft.household.live}
          onChange={(event) => home({ live: event.currentTarget.checked })}
        />
      </Stack>
    </Section>
  );
}

type RegisteredProps = {
  registered: Awaited<ReturnType<typeof api.register>>['registered'][number];
  ecosystem: Ecosystem;
  onNext: () => void;
};

function Registered({ registered, ecosystem, onNext }: RegisteredProps) {
  const { t } = useWords();
  const navigate = useNavigate();
  const { householdId, clientId, username, key } = registered;
  return (
    <Stack>
      <Alert variant="default" title={t('register.done')}>
        {clientId !== null && username !== null && key !== null ? (
          <HubSettings clientId={clientId} username={username} secret={key} ecosystem={ecosystem} />
        ) : (
          t('register.doneWithoutHub')
        )}
      </Alert>
      <Button size="md" onClick={() => void navigate({ to: '/households/$id', params: { id: householdId } })}>
        {t('register.toHousehold')}
      </Button>
      <Button variant="default" size="md" onClick={onNext}>
        {t('register.next')}
      </Button>
    </Stack>
  );
}
