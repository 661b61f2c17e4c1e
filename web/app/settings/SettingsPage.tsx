import { Container, Group, Stack, Text, Title } from '@mantine/core';
import { LanguageSwitch } from '../frame/LanguageSwitch.tsx';
import { OwnPassword } from '../frame/OwnPassword.tsx';
import { SoundControl } from '../frame/SoundControl.tsx';
import { ThemeSwitch } from '../frame/ThemeSwitch.tsx';
import { tell } from '../frame/toast.ts';
import { useMay, useMe } from '../queries.ts';
import { Section } from '../signs/Section.tsx';
import { useWords } from '../words/speak.ts';
import { Areas } from './Areas.tsx';
import { Users } from './Users.tsx';
import { Webhooks } from './Webhooks.tsx';

export function SettingsPage() {
  const { t } = useWords();
  const me = useMe();
  const may = { users: useMay('user.edit'), areas: useMay('area.edit'), webhooks: useMay('webhook.edit') };
  return (
    <Container size="md" py="md">
      <Title order={1} mb="md">
        {t('nav.settings')}
      </Title>
      <Stack>
        <Section boxed title={t('settings.look')}>
          <Group>
            <LanguageSwitch />
            <ThemeSwitch />
          </Group>
        </Section>
        <Section boxed title={t('sound.label')}>
          <SoundControl />
        </Section>
        <Section boxed title={t('settings.me')}>
          <Text size="sm" c="dimmed" mb="sm">
            {t('frame.loggedInAs', { name: me.name, role: t(`role.${me.role}`) })}
          </Text>
          <OwnPassword key={me.id} onDone={() => tell(t('settings.passwordSaved'))} />
        </Section>
        {may.users && <Users />}
        {may.areas && <Areas />}
        {may.webhooks && <Webhooks />}
      </Stack>
    </Container>
  );
}
