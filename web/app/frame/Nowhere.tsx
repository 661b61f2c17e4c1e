import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Empty } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';

export function Nowhere() {
  const { t } = useWords();
  return (
    <Empty page icon="help" title={t('frame.nowhere')}>
      <Anchor component={Link} to="/">
        {t('frame.toStart')}
      </Anchor>
    </Empty>
  );
}

/** A page that this role may not see, and who can change that. */
export function NotAllowed() {
  const { t } = useWords();
  return (
    <Empty page icon="key" title={t('frame.notAllowed')}>
      {t('frame.whoGrants')}
    </Empty>
  );
}
