import type { ReactNode } from 'react';
import type { Priority } from '../../../domain/category.ts';
import { useWords } from '../words/speak.ts';
import classes from './signs.module.css';

/** Shape, number and colour each say it alone: hexagon, triangle, diamond, disc. */
const shapes: Record<Priority, { readonly shape: ReactNode; readonly numberY: number }> = {
  1: { shape: <polygon points="9,3 23,3 31,16 23,29 9,29 1,16" />, numberY: 22 },
  2: { shape: <polygon points="16,2.5 31,28.5 1,28.5" />, numberY: 25.5 },
  3: { shape: <polygon points="16,1.5 30.5,16 16,30.5 1.5,16" />, numberY: 22 },
  4: { shape: <circle cx="16" cy="16" r="13.5" />, numberY: 22 },
};

export function PrioritySign({ priority, size = 'md' }: { priority: Priority; size?: 'sm' | 'md' | 'lg' }) {
  const { t } = useWords();
  const { shape, numberY } = shapes[priority];
  return (
    <svg
      className={classes.sign}
      data-size={size}
      data-priority={priority}
      viewBox="0 0 32 32"
      role="img"
      aria-label={t(`priority.${priority}`)}
    >
      {shape}
      <text x="16" y={numberY} textAnchor="middle" aria-hidden>
        {priority}
      </text>
    </svg>
  );
}

/** The sign with its word, on a ground of its own tint. */
export function PriorityBadge({ priority }: { priority: Priority }) {
  const { t } = useWords();
  return (
    <span className={classes.badge} data-priority={priority}>
      <PrioritySign priority={priority} size="sm" />
      {t(`priority.${priority}`)}
    </span>
  );
}
