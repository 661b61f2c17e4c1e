import { Button, CopyButton, Table, Text } from '@mantine/core';
import type { Ecosystem } from '../../../domain/hub.ts';
import { useSession } from '../queries.ts';
import { Icon } from '../signs/Icon.tsx';
import { useWords } from '../words/speak.ts';
import classes from './register.module.css';

type Props = { clientId: string; username: string; secret: string; ecosystem: Ecosystem };

/** Where each ecosystem speaks. */
const topicOf = (ecosystem: Ecosystem, clientId: string): string =>
  ecosystem === 'shouwang' ? `sw/${clientId}/up` : 'zigbee2mqtt/#';

/** What has to be typed into the hub. The key is stored nowhere and is not shown again. */
export function HubSettings({ clientId, username, secret, ecosystem }: Props) {
  const { t } = useWords();
  const mqtt = useSession().data?.mqtt;
  const rows = [
    ['host', location.hostname],
    ['port', mqtt ? t('hub.ports', { tls: mqtt.tlsPort, plain: mqtt.port }) : ''],
    ['clientId', clientId],
    ['username', username],
    ['password', secret],
    ['topic', topicOf(ecosystem, clientId)],
  ] as const;
  return (
    <>
      <Text fw={600}>{t('hub.once')}</Text>
      <Table className={classes.settings ?? ''} verticalSpacing="xs">
        <Table.Tbody>
          {rows.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th>{t(`hub.${name}`)}</Table.Th>
              <Table.Td>
                <code className={classes.value} data-setting={name}>
                  {value}
                </code>
              </Table.Td>
              <Table.Td>
                <CopyButton value={value}>
                  {({ copied, copy }) => (
                    <Button
                      size="xs"
                      variant="default"
                      leftSection={<Icon name={copied ? 'check' : 'copy'} />}
                      aria-label={t('hub.copy', { what: t(`hub.${name}`) })}
                      onClick={copy}
                    >
                      {t(copied ? 'hub.copied' : 'hub.copyShort')}
                    </Button>
                  )}
                </CopyButton>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}
