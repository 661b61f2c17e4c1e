import { SegmentedControl, useMantineColorScheme } from '@mantine/core';
import { useWords } from '../words/speak.ts';

const schemes = ['auto', 'light', 'dark'] as const;

export function ThemeSwitch() {
  const { t } = useWords();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <SegmentedControl
      aria-label={t('settings.theme')}
      value={colorScheme}
      onChange={(value) => setColorScheme(schemes.find((known) => known === value) ?? 'auto')}
      data={schemes.map((value) => ({ value, label: t(`theme.${value}`) }))}
    />
  );
}
