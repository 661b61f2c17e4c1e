import { Group, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './section.module.css';

type Props = { title: string; actions?: ReactNode; children: ReactNode; boxed?: boolean };

/** A titled part of a page. */
export function Section({ title, actions, children, boxed = false }: Props) {
  return (
    <section className={classes.section} data-boxed={boxed || undefined} aria-label={title}>
      <Group justify="space-between" wrap="nowrap" className={classes.head ?? ''}>
        <Title order={boxed ? 2 : 3} className={classes.title ?? ''}>
          {title}
        </Title>
        {actions}
      </Group>
      {children}
    </section>
  );
}
