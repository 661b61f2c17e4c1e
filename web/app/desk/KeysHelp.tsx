import { Kbd, Modal, Table } from '@mantine/core';
import { useWords } from '../words/speak.ts';

const keys = [
  ['J', 'down'],
  ['K', 'up'],
  ['Enter', 'open'],
  ['T', 'take'],
  ['A', 'attend'],
  ['C', 'close'],
  ['/', 'search'],
  ['?', 'help'],
] as const;

export function KeysHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useWords();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('keys.title')}
      closeButtonProps={{ 'aria-label': t('state.dismiss') }}
    >
      <Table withRowBorders={false}>
        <Table.Tbody>
          {keys.map(([key, word]) => (
            <Table.Tr key={key}>
              <Table.Td>
                <Kbd>{key}</Kbd>
              </Table.Td>
              <Table.Td>{t(`keys.${word}`)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
