import type { ReactNode } from 'react';
import { Icon } from './Icon.tsx';
import classes from './signs.module.css';

/** A small word about a state. `unknown` is hatched: what we cannot see is never shown as well. */
export function Tag({ tone = 'plain', children }: { tone?: 'plain' | 'well' | 'unknown'; children: ReactNode }) {
  return (
    <span className={classes.badge} data-tone={tone}>
      {tone === 'well' && <Icon name="check" />}
      {children}
    </span>
  );
}
