import { Table, Text } from '@mantine/core';
import type { Delivery, Notice } from '../../../domain/notice.ts';
import { Section } from '../signs/Section.tsx';
import { Tag } from '../signs/Tag.tsx';
import { Clock } from '../signs/Time.tsx';
import { useWords } from '../words/speak.ts';
import classes from './hand.module.css';

type Props = { notices: readonly Notice[]; deliveries: readonly Delivery[] };

/** Who was told, when, and what the receiver itself answered; also when nobody was told, and why. */
export function Deliveries({ notices, deliveries }: Props) {
  const { t } = useWords();
  if (notices.length === 0) return null;
  return (
    <Section title={t('notices.title')}>
      <Table className={classes.table ?? ''} verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('evidence.when')}</Table.Th>
            <Table.Th>{t('notices.whom')}</Table.Th>
            <Table.Th>{t('notices.result')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {notices.map((notice) => (
            <Table.Tr key={notice.id}>
              <Table.Td>
                <Clock at={notice.createdAt} />
              </Table.Td>
              <Table.Td>
                {t(`audience.${notice.audience}`)}
                <Text size="sm" c="dimmed">
                  {t(`channel.${notice.channel}`)}
                </Text>
              </Table.Td>
              <Table.Td>
                <Tag tone={notice.state === 'delivered' ? 'well' : 'plain'}>{t(`noticeState.${notice.state}`)}</Tag>
                {notice.reason && notice.reason !== 'sent' && (
                  <Text span size="sm">
                    {' '}
                    {t(`verdict.${notice.reason}`)}
                  </Text>
                )}
                <Attempts deliveries={deliveries.filter(({ noticeId }) => noticeId === notice.id)} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

function Attempts({ deliveries }: { deliveries: readonly Delivery[] }) {
  const { t } = useWords();
  if (deliveries.length === 0) return null;
  return (
    <details className={classes.more}>
      <summary>{t('notices.attempts', { n: deliveries.length })}</summary>
      <ul>
        {deliveries.map((delivery) => (
          <li key={delivery.id}>
            <Clock at={delivery.attemptedAt} /> {delivery.destination} · {t(`outcome.${delivery.outcome}`)}
            {delivery.answer !== '' && <code className={classes.answer}>{delivery.answer}</code>}
          </li>
        ))}
      </ul>
    </details>
  );
}
