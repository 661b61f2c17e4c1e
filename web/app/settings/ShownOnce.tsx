import { Alert, Button, Code, CopyButton, Group } from '@mantine/core';
import { Icon } from '../signs/Icon.tsx';
import { useWords } from '../words/speak.ts';
import classes from './settings.module.css';

/** A link or secret that is stored nowhere and will not be shown again. */
export function ShownOnce({ title, value, onDone }: { title: string; value: string; onDone: () => void }) {
  const { t } = useWords();
  return (
    <Alert
      variant="default"
      mt="sm"
      title={title}
      withCloseButton
      closeButtonLabel={t('state.dismiss')}
      onClose={onDone}
    >
      <Group wrap="nowrap" align="flex-start">
        <Code block flex={1} className={classes.once ?? ''}>
          {value}
        </Code>
        <CopyButton value={value}>
          {({ copied, copy }) => (
            <Button size="xs" variant="default" leftSection={<Icon name={copied ? 'check' : 'copy'} />} onClick={copy}>
              {t(copied ? 'hub.copied' : 'hub.copyShort')}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Alert>
  );
}
