import { ActionIcon, Button, Text } from '@mantine/core';
import { useState } from 'react';
import type { Resident } from '../../../domain/household.ts';
import type { HouseholdFile } from '../../wire/household.ts';
import { useNow } from '../clock.ts';
import { useMay } from '../queries.ts';
import { Icon } from '../signs/Icon.tsx';
import { Section } from '../signs/Section.tsx';
import { useWords } from '../words/speak.ts';
import classes from './household.module.css';
import { LimitsLine } from './LimitsLine.tsx';
import { ResidentDialog } from './ResidentDialog.tsx';

type Props = { file: HouseholdFile; boxed?: boolean };

/** Who lives there, what matters about them, and their own limits. */
export function Residents({ file, boxed = false }: Props) {
  const { t } = useWords();
  const may = useMay('household.edit') && boxed;
  const [edited, setEdited] = useState<Resident | 'new' | null>(null);
  return (
    <Section
      title={t('residents.title')}
      boxed={boxed}
      actions={
        may && (
          <Button size="xs" variant="default" leftSection={<Icon name="plus" />} onClick={() => setEdited('new')}>
            {t('residents.add')}
          </Button>
        )
      }
    >
      {file.residents.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('residents.none')}
        </Text>
      )}
      <ul className={classes.list}>
        {file.residents.map((resident) => (
          <li key={resident.id}>
            <div className={classes.grow}>
              <Person resident={resident} />
              {boxed && <LimitsLine limits={resident.limits} />}
              {resident.notes !== '' && <p className={classes.notes}>{resident.notes}</p>}
            </div>
            {may && (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t('residents.edit', { name: resident.name })}
                onClick={() => setEdited(resident)}
              >
                <Icon name="pencil" />
              </ActionIcon>
            )}
          </li>
        ))}
      </ul>
      {edited !== null && (
        <ResidentDialog
          householdId={file.household.id}
          resident={edited === 'new' ? null : edited}
          onDone={() => setEdited(null)}
        />
      )}
    </Section>
  );
}

function Person({ resident }: { resident: Resident }) {
  const { t } = useWords();
  const year = new Date(useNow()).getFullYear();
  const facts = [
    resident.sex === 'female' || resident.sex === 'male' ? t(`sex.${resident.sex}`) : null,
    resident.birthYear === null ? null : t('residents.age', { n: year - resident.birthYear }),
  ].filter((fact) => fact !== null);
  return (
    <>
      <strong>{resident.name}</strong>{' '}
      <Text span size="sm" c="dimmed">
        {facts.join(' · ')}
      </Text>
    </>
  );
}
