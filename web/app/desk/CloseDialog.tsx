import { Button, Group, Modal, Radio, Stack, Textarea } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { type Disposition, disposition } from '../../../domain/alert.ts';
import { useWords } from '../words/speak.ts';
import classes from './hand.module.css';

/** `recovered` is said by Shouwang alone, of technical alerts whose cause went away. */
const choices = disposition.options.filter((option) => option !== 'recovered');

type Props = { opened: boolean; onCancel: () => void; onClose: (disposition: Disposition, text: string) => void };

/** How it ended, a word from a closed list, and what should be remembered. */
export function CloseDialog({ opened, onCancel, onClose }: Props) {
  const { t } = useWords();
  const [chosen, setChosen] = useState<Disposition | null>(null);
  const [text, setText] = useState('');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (chosen) onClose(chosen, text.trim());
  };
  return (
    <Modal
      opened={opened}
      onClose={onCancel}
      title={t('close.title')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('state.dismiss') }}
    >
      <form onSubmit={submit}>
        <Stack>
          <Radio.Group
            aria-label={t('close.title')}
            value={chosen}
            onChange={(value) => setChosen(choices.find((choice) => choice === value) ?? null)}
          >
            <div className={classes.choices}>
              {choices.map((choice, place) => (
                <Radio.Card
                  key={choice}
                  value={choice}
                  data-autofocus={place === 0 || undefined}
                  className={classes.choice ?? ''}
                >
                  <Radio.Indicator />
                  {t(`disposition.${choice}`)}
                </Radio.Card>
              ))}
            </div>
          </Radio.Group>
          <Textarea
            label={t('close.text')}
            placeholder={t('close.textHint')}
            autosize
            minRows={2}
            maxLength={2_000}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" size="md" onClick={onCancel}>
              {t('state.cancel')}
            </Button>
            <Button type="submit" size="md" disabled={chosen === null}>
              {t('act.close')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
