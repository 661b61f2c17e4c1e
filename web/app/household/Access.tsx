import { Button, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { HouseholdFile } from '../../wire/household.ts';
import { api } from '../api.ts';
import { useMay } from '../queries.ts';
import { Icon } from '../signs/Icon.tsx';
import { Section } from '../signs/Section.tsx';
import { Failed } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';
import classes from './household.module.css';

type Props = { file: HouseholdFile; boxed?: boolean };

/** How to get in: masked until somebody asks, and the asking is recorded. */
export function Access({ file: { household }, boxed = false }: Props) {
  const { t } = useWords();
  const may = useMay('household.access');
  const [shown, setShown] = useState(false);
  const look = useMutation({ mutationFn: () => api.access(household.id), onSuccess: () => setShown(true) });
  if (!may) return null;
  return (
    <Section
      title={t('access.title')}
      boxed={boxed}
      actions={
        household.access === 'masked' && (
          <Button
            size="xs"
            variant="default"
            leftSection={<Icon name="eye" />}
            loading={look.isPending}
            onClick={() => (shown ? setShown(false) : look.mutate())}
          >
            {t(shown ? 'access.hide' : 'access.show')}
          </Button>
        )
      }
    >
      {household.access === '' && (
        <Text size="sm" c="dimmed">
          {t('access.none')}
        </Text>
      )}
      {household.access === 'masked' && !shown && (
        <Text size="sm" c="dimmed">
          {t('access.masked')}
        </Text>
      )}
      {shown && look.data && <Text className={classes.access ?? ''}>{look.data.access}</Text>}
      {look.error && <Failed error={look.error} />}
    </Section>
  );
}
