import { Button, Group, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { Icon } from '../signs/Icon.tsx';
import classes from './register.module.css';

type Props<T> = {
  rows: readonly T[];
  onChange: (rows: T[]) => void;
  blank: () => T;
  add: string;
  remove: string;
  fields: (value: T, onChange: (next: T) => void) => ReactNode;
};

/** Any number of the same fields, one below the other. */
export function Rows<T>({ rows, onChange, blank, add, remove, fields }: Props<T>) {
  return (
    <Stack>
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row being typed has no identity but its place
        <div key={index} className={classes.row}>
          <Stack gap="sm">
            {fields(row, (next) => onChange(rows.map((old, place) => (place === index ? next : old))))}
            <Group justify="flex-end">
              <Button
                size="xs"
                variant="subtle"
                color="gray"
                leftSection={<Icon name="trash" />}
                onClick={() => onChange(rows.filter((_, place) => place !== index))}
              >
                {remove}
              </Button>
            </Group>
          </Stack>
        </div>
      ))}
      <Group>
        <Button variant="default" leftSection={<Icon name="plus" />} onClick={() => onChange([...rows, blank()])}>
          {add}
        </Button>
      </Group>
    </Stack>
  );
}
