import { ActionIcon, Button, Text } from '@mantine/core';
import { useState } from 'react';
import type { Contact } from '../../../domain/household.ts';
import type { HouseholdFile } from '../../wire/household.ts';
import { useMay } from '../queries.ts';
import { Icon } from '../signs/Icon.tsx';
import { Section } from '../signs/Section.tsx';
import { useWords } from '../words/speak.ts';
import { ContactDialog } from './ContactDialog.tsx';
import classes from './household.module.css';

type Props = { file: HouseholdFile; boxed?: boolean };

/** Whom to call, in this order. */
export function Contacts({ file, boxed = false }: Props) {
  const { t } = useWords();
  const may = useMay('household.edit') && boxed;
  const [edited, setEdited] = useState<Contact | 'new' | null>(null);
  const ranked = file.contacts.toSorted((a, b) => a.rank - b.rank);
  return (
    <Section
      title={t('contacts.title')}
      boxed={boxed}
      actions={
        may && (
          <Button size="xs" variant="default" leftSection={<Icon name="plus" />} onClick={() => setEdited('new')}>
            {t('contacts.add')}
          </Button>
        )
      }
    >
      {ranked.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('contacts.none')}
        </Text>
      )}
      <ol className={classes.list}>
        {ranked.map((contact) => (
          <li key={contact.id}>
            <span className={classes.rank}>{contact.rank}</span>
            <div className={classes.grow}>
              {contact.name}{' '}
              <Text span size="sm" c="dimmed">
                {contact.relation}
              </Text>
            </div>
            <Button
              component="a"
              href={`tel:${contact.phone.replaceAll(/[ -]/g, '')}`}
              size="sm"
              variant="default"
              leftSection={<Icon name="phone" />}
              aria-label={t('contacts.call', { name: contact.name, phone: contact.phone })}
            >
              {contact.phone}
            </Button>
            {may && (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t('contacts.edit', { name: contact.name })}
                onClick={() => setEdited(contact)}
              >
                <Icon name="pencil" />
              </ActionIcon>
            )}
          </li>
        ))}
      </ol>
      {edited !== null && (
        <ContactDialog
          householdId={file.household.id}
          contact={edited === 'new' ? null : edited}
          nextRank={ranked.length + 1}
          onDone={() => setEdited(null)}
        />
      )}
    </Section>
  );
}
