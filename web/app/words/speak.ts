import i18next from 'i18next';
import { useMemo } from 'react';
import { initReactI18next, useTranslation } from 'react-i18next';
import type { Sentence } from '../../../domain/finding.ts';
import { currentPreferences, type Language, usePreferences, watchPreferences } from '../preferences.ts';
import { en } from './en.ts';
import { zh } from './zh-CN.ts';

/** Every key of the catalogue as the path to its phrase: `desk.take`. */
type Paths<T> = { [K in keyof T & string]: T[K] extends string ? K : `${K}.${Paths<T[K]>}` }[keyof T & string];
export type Key = Paths<typeof zh>;
export type Say = (key: Key, values?: Readonly<Record<string, string | number>>) => string;

const speak = ({ language }: { language: Language }): void => {
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
};

export async function startSpeaking(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: currentPreferences().language,
    fallbackLng: 'zh-CN',
    resources: { 'zh-CN': { translation: zh }, en: { translation: en } },
    interpolation: { escapeValue: false },
  });
  speak(currentPreferences());
  watchPreferences(() => speak(currentPreferences()));
}

export type Words = {
  readonly t: Say;
  readonly language: Language;
  /** A sentence of the server in the language of this screen. */
  readonly said: (sentence: Sentence) => string;
  /** A word of the server that may be newer than this catalogue: as it stands, when nobody has translated it. */
  readonly word: (key: Key | (string & {}), otherwise: string) => string;
};

export function useWords(): Words {
  const { t } = useTranslation();
  const { language } = usePreferences();
  // The same words as long as the language is the same, so that what depends on them need not be thought through again.
  return useMemo(
    () => ({
      t: (key, values) => t(key, { ...values }),
      language,
      said: (sentence) => (language === 'en' ? sentence.en : sentence.zh),
      word: (key, otherwise) => t(key, { defaultValue: otherwise }),
    }),
    [t, language],
  );
}
