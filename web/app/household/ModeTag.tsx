import type { HouseholdMode } from '../../../domain/household.ts';
import { Tag } from '../signs/Tag.tsx';
import { useWords } from '../words/speak.ts';

export function ModeTag({ mode }: { mode: HouseholdMode }) {
  const { t } = useWords();
  return <Tag tone={mode === 'live' ? 'plain' : 'unknown'}>{t(`mode.${mode}`)}</Tag>;
}
