import { Button, PasswordInput, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { setPassword as schema } from '../../wire/session.ts';
import { api } from '../api.ts';
import { Failed } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';

export function OwnPassword({ onDone }: { onDone: () => unknown }) {
  const { t } = useWords();
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState(false);
  const good = schema.safeParse({ password }).success;
  const save = useMutation({ mutationFn: () => api.setOwnPassword(password), onSuccess: onDone });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (good) save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <PasswordInput
          label={t('login.newPassword')}
          description={t('login.passwordRule')}
          autoComplete="new-password"
          error={tried && !good ? t('login.passwordRule') : null}
          visibilityToggleButtonProps={{ 'aria-label': t('login.showPassword') }}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {save.error && <Failed error={save.error} />}
        <Button type="submit" loading={save.isPending}>
          {t('login.savePassword')}
        </Button>
      </Stack>
    </form>
  );
}
