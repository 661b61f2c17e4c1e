import type { QueuedAlert } from '../../wire/alert.ts';

/** The alerts that a search finds; what is life-critical or urgent and untaken is never hidden by a search. */
export function found(alerts: readonly QueuedAlert[], search: string, words: (alert: QueuedAlert) => string) {
  const wanted = search.trim().toLowerCase();
  if (wanted === '') return alerts;
  return alerts.filter(
    (alert) => (alert.state === 'open' && alert.priority <= 2) || words(alert).toLowerCase().includes(wanted),
  );
}
