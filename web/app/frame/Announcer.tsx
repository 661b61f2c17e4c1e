import { VisuallyHidden } from '@mantine/core';
import type { QueuedAlert } from '../../wire/alert.ts';
import { useWords } from '../words/speak.ts';

/** What a screen reader hears: a new life-critical alert at once, any other when it has finished its sentence. */
export function Announcer({ arrivals }: { arrivals: readonly QueuedAlert[] }) {
  const { t, said } = useWords();
  const sentences = (of: readonly QueuedAlert[]): string =>
    of.map((a) => `${t(`priority.${a.priority}`)} ${a.householdName} ${said(a.sentence)}`).join('; ');
  return (
    <VisuallyHidden>
      <div role="alert" aria-live="assertive">
        {sentences(arrivals.filter(({ priority }) => priority === 1))}
      </div>
      <div role="status" aria-live="polite">
        {sentences(arrivals.filter(({ priority }) => priority > 1))}
      </div>
    </VisuallyHidden>
  );
}
