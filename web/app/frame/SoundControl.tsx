import { Button, Group, Slider, Stack, Text } from '@mantine/core';
import { prefer, usePreferences } from '../preferences.ts';
import { PrioritySign } from '../signs/PrioritySign.tsx';
import { allowSound, play } from '../sound.ts';
import { useWords } from '../words/speak.ts';

const priorities = [1, 2, 3, 4] as const;

/** How loud the desk is, and what each priority sounds like. */
export function SoundControl() {
  const { t } = useWords();
  const { volume } = usePreferences();
  const test = (call: Parameters<typeof play>[0]): void => {
    allowSound();
    play(call);
  };
  return (
    <Stack gap="sm">
      <Text fw={600} size="sm">
        {t('sound.volume', { volume })}
      </Text>
      <Slider
        thumbLabel={t('sound.label')}
        label={null}
        value={volume}
        onChange={(value) => prefer({ volume: value })}
        onChangeEnd={() => test(3)}
      />
      {volume === 0 && (
        <Text size="sm" c="error">
          {t('sound.muted')}
        </Text>
      )}
      <Group gap="xs">
        {priorities.map((priority) => (
          <Button
            key={priority}
            size="xs"
            variant="default"
            leftSection={<PrioritySign priority={priority} size="sm" />}
            onClick={() => test(priority)}
          >
            {t('sound.test', { priority: t(`priority.${priority}`) })}
          </Button>
        ))}
      </Group>
    </Stack>
  );
}
