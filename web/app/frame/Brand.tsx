import { useWords } from '../words/speak.ts';
import classes from './frame.module.css';

export function Brand({ large = false }: { large?: boolean }) {
  const { t } = useWords();
  return (
    <span className={classes.brand} data-large={large || undefined}>
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <path d="M4 15.5 16 5l12 10.5V26a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2z" fill="currentColor" />
        <circle cx="16" cy="18" r="4.5" className={classes.brandEye} />
      </svg>
      <span>{t('frame.name')}</span>
    </span>
  );
}
