import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Audience, audience } from '../../../domain/plan.ts';
import { newWebhook } from '../../wire/system.ts';
import { api } from '../api.ts';
import { queries, useAreas, useWebhooks } from '../queries.ts';
import { Section } from '../signs/Section.tsx';
import { Failed, Loading } from '../signs/States.tsx';
import { SureButton } from '../signs/SureButton.tsx';
import { useWords } from '../words/speak.ts';
import { ShownOnce } from './ShownOnce.tsx';
import classes from './settings.module.css';

const refresh = () => queries.invalidateQueries({ queryKey: ['webhooks'] });

/** Other systems that are told of alerts; each message is signed with a secret that is shown once. */
export function Webhooks() {
  const { t } = useWords();
  const webhooks = useWebhooks();
  const areas = useAreas().data?.areas ?? [];
  const remove = useMutation({ mutationFn: (id: string) => api.removeWebhook(id), onSuccess: refresh });
  return (
    <Section boxed title={t('webhooks.title')}>
      {webhooks.isPending && <Loading rows={2} />}
      {webhooks.error && <Failed error={webhooks.error} retry={() => void webhooks.refetch()} />}
      {webhooks.data?.webhooks.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('webhooks.none')}
        </Text>
      )}
      <ul className={classes.list}>
        {webhooks.data?.webhooks.map((webhook) => (
          <li key={webhook.id}>
            <div className={classes.url}>
              {webhook.url}
              <Text size="sm" c="dimmed">
                {t(`audience.${webhook.audience}`)} ·{' '}
                {areas.find(({ id }) => id === webhook.areaId)?.name ?? webhook.areaId}
              </Text>
            </div>
            <SureButton
              size="xs"
              word={t('webhooks.remove')}
              loading={remove.isPending}
              onSure={() => remove.mutate(webhook.id)}
            />
          </li>
        ))}
      </ul>
      {remove.error && <Failed error={remove.error} />}
      <NewWebhook />
    </Section>
  );
}

function NewWebhook() {
  const { t } = useWords();
  const areas = useAreas().data?.areas ?? [];
  const [areaId, setAreaId] = useState<string | null>(null);
  const [whom, setWhom] = useState<Audience>('hotline');
  const [url, setUrl] = useState('');
  const body = newWebhook.safeParse({ areaId, audience: whom, url });
  const add = useMutation({
    mutationFn: () => api.addWebhook(newWebhook.parse({ areaId, audience: whom, url })),
    onSuccess: async () => {
      setUrl('');
      await refresh();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack mt="md" gap="sm">
        <Group align="flex-end" grow preventGrowOverflow={false}>
          <Select
            label={t('webhooks.audience')}
            allowDeselect={false}
            data={audience.options.map((value) => ({ value, label: t(`audience.${value}`) }))}
            value={whom}
            onChange={(next) => setWhom(audience.options.find((value) => value === next) ?? whom)}
          />
          <Select
            label={t('users.area')}
            searchable
            data={areas.map((area) => ({ value: area.id, label: area.name }))}
            value={areaId}
            onChange={setAreaId}
          />
          <TextInput
            label={t('webhooks.url')}
            type="url"
            placeholder="https://"
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <Button type="submit" variant="default" disabled={!body.success} loading={add.isPending}>
            {t('webhooks.add')}
          </Button>
        </Group>
        {add.error && <Failed error={add.error} />}
        {add.data && <ShownOnce title={t('webhooks.secretOnce')} value={add.data.secret} onDone={add.reset} />}
      </Stack>
    </form>
  );
}
