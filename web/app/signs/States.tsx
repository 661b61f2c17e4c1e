import { Alert, Button, Center, Skeleton, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { ApiError } from '../api.ts';
import { useWords } from '../words/speak.ts';
import { Icon, type IconName } from './Icon.tsx';

const QUICK_MS = 200;

/** Rows of the shape that will come; what takes less than 200 ms never flickers. */
export function Loading({ rows = 5, height = 'var(--sw-row)' }: { rows?: number; height?: string }) {
  const { t } = useWords();
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), QUICK_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!slow) return null;
  return (
    <Stack gap="xs" p="sm" role="status" aria-label={t('state.loading')}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows that stand for nothing yet have nothing else to be known by
        <Skeleton key={row} height={height} />
      ))}
    </Stack>
  );
}

/** What an error means in words, with its code to quote. */
export function useErrorWords(): (error: Error) => string {
  const { t, word } = useWords();
  return (error) => {
    if (!(error instanceof ApiError)) return t('error.unexpected');
    const otherwise = error.status === 403 ? t('error.forbidden') : error.message || t('error.unexpected');
    const where = error.details.map(({ path, message }) => `${path}: ${message}`).join('; ');
    return [word(`error.${error.code}`, otherwise), where].filter(Boolean).join(' ');
  };
}

/** What happened, and what to do. An old answer may still stand beside it. */
export function Failed({ error, retry }: { error: Error; retry?: () => void }) {
  const { t } = useWords();
  const words = useErrorWords();
  const code = error instanceof ApiError ? error.code : error.name;
  return (
    <Alert color="gray" variant="default" role="alert" title={words(error)} icon={<Icon name="help" />}>
      <Text size="sm" c="dimmed">
        {t('error.code', { code })}
      </Text>
      {retry && (
        <Button mt="xs" size="xs" variant="default" onClick={retry}>
          {t('error.retry')}
        </Button>
      )}
    </Alert>
  );
}

type EmptyProps = { icon: IconName; title: string; page?: boolean; children?: ReactNode };

/** A place where nothing is yet: what it is for, and the first step. */
export function Empty({ icon, title, page = false, children }: EmptyProps) {
  return (
    <Center p="xl">
      <Stack align="center" gap="xs" maw="var(--sw-narrow)">
        <Text c="dimmed" fz="h1" component="div">
          <Icon name={icon} />
        </Text>
        <Title order={page ? 1 : 2} size="h3" ta="center">
          {title}
        </Title>
        {children && (
          <Text component="div" c="dimmed" ta="center" size="sm">
            {children}
          </Text>
        )}
      </Stack>
    </Center>
  );
}
