import { Button, Paper, Text } from '@mantine/core';
import { useEffect } from 'react';
import classes from './frame.module.css';
import { toast } from './toast.ts';

export function Toasts() {
  const now = toast.use();
  useEffect(() => {
    if (!now) return;
    const timer = setTimeout(() => toast.set(null), now.forMs);
    return () => clearTimeout(timer);
  }, [now]);
  return (
    <div className={classes.toasts} role="status">
      {now && (
        <Paper className={classes.toast ?? ''} shadow="md" withBorder>
          <Text size="sm">{now.text}</Text>
          {now.action && (
            <Button
              size="xs"
              variant="default"
              onClick={() => {
                now.action?.run();
                toast.set(null);
              }}
            >
              {now.action.label}
            </Button>
          )}
        </Paper>
      )}
    </div>
  );
}
