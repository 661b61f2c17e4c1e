import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useWords } from '../words/speak.ts';

const ASKS_FOR_MS = 4_000;

type Props = { word: string; loading: boolean; onSure: () => void; size?: 'xs' | 'sm' };

/** For what cannot be undone: the first press asks, the second does. */
export function SureButton({ word, loading, onSure, size = 'sm' }: Props) {
  const { t } = useWords();
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    if (!asking) return;
    const timer = setTimeout(() => setAsking(false), ASKS_FOR_MS);
    return () => clearTimeout(timer);
  }, [asking]);
  return (
    <Button
      size={size}
      variant={asking ? 'filled' : 'default'}
      color={asking ? 'dark' : 'gray'}
      loading={loading}
      onClick={() => (asking ? onSure() : setAsking(true))}
    >
      {asking ? t('state.sure', { what: word }) : word}
    </Button>
  );
}
