import { SegmentedControl } from '@mantine/core';
import { type Language, languages, prefer, usePreferences } from '../preferences.ts';
import { useWords } from '../words/speak.ts';

export function LanguageSwitch() {
  const { t } = useWords();
  const { language } = usePreferences();
  return (
    <SegmentedControl
      aria-label={t('settings.language')}
      value={language}
      onChange={(value) => prefer({ language: value as Language })}
      data={languages.map((value) => ({ value, label: t(`language.${value}`) }))}
    />
  );
}
