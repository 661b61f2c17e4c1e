import { Button, Card, Center, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { api } from '../api.ts';
import { queries } from '../queries.ts';
import { Failed } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';
import { Brand } from './Brand.tsx';
import classes from './frame.module.css';
import { LanguageSwitch } from './LanguageSwitch.tsx';
import { OwnPassword } from './OwnPassword.tsx';

/** Taken from the address and wiped from it at once, so that it stays in no history. */
function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token) history.replaceState(history.state, '', location.pathname);
  return token;
}

const token = takeToken();

export function LogIn() {
  const { t } = useWords();
  const navigate = useNavigate();
  const [byLink, setByLink] = useState(token !== null);
  const enter = async (): Promise<void> => {
    await queries.resetQueries();
    await navigate({ to: '/' });
  };
  return (
    <main className={classes.login}>
      <Center>
        <Stack w="var(--sw-narrow)" maw="100%" gap="lg">
          <Brand large />
          <Card withBorder padding="lg" radius="lg">
            {byLink && token ? (
              <ByLink token={token} onDone={enter} onFailed={() => setByLink(false)} />
            ) : (
              <ByPassword onDone={enter} />
            )}
          </Card>
          <Text size="sm" c="dimmed" ta="center">
            {t('login.help')}
          </Text>
          <Center>
            <LanguageSwitch />
          </Center>
        </Stack>
      </Center>
    </main>
  );
}

function ByPassword({ onDone }: { onDone: () => Promise<void> }) {
  const { t } = useWords();
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const logIn = useMutation({ mutationFn: () => api.logIn({ login, password }), onSuccess: onDone });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    logIn.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Title order={1} size="h2">
          {t('login.title')}
        </Title>
        <TextInput
          label={t('login.login')}
          autoComplete="username"
          autoFocus
          required
          withAsterisk={false}
          value={login}
          onChange={(event) => setLogin(event.currentTarget.value)}
        />
        <PasswordInput
          label={t('login.password')}
          autoComplete="current-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': t('login.showPassword') }}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {logIn.error && <Failed error={logIn.error} />}
        <Button type="submit" size="md" loading={logIn.isPending}>
          {t('login.enter')}
        </Button>
      </Stack>
    </form>
  );
}

type ByLinkProps = { token: string; onDone: () => Promise<void>; onFailed: () => void };

let used: Promise<unknown> | null = null;

/** A one-time link logs in at once; then a password may be set for the next time. */
function ByLink({ token, onDone, onFailed }: ByLinkProps) {
  const { t } = useWords();
  const logIn = useMutation({
    // The link works once, and React may mount twice.
    mutationFn: () => {
      used ??= api.logInByLink(token);
      return used;
    },
  });
  const { mutate } = logIn;
  useEffect(() => mutate(), [mutate]);
  if (logIn.isError) {
    return (
      <Stack>
        <Failed error={logIn.error} />
        <Button variant="default" onClick={onFailed}>
          {t('login.byPassword')}
        </Button>
      </Stack>
    );
  }
  if (!logIn.isSuccess) {
    return (
      <Text role="status" c="dimmed">
        {t('login.entering')}
      </Text>
    );
  }
  return (
    <Stack>
      <Title order={1} size="h2">
        {t('login.welcome')}
      </Title>
      <OwnPassword onDone={onDone} />
      <Button variant="subtle" color="gray" onClick={() => void onDone()}>
        {t('login.later')}
      </Button>
    </Stack>
  );
}
