import { useEffect, useRef, useState } from 'react';
import type { QueuedAlert } from '../../wire/alert.ts';

const none: readonly QueuedAlert[] = [];

/** The untaken alerts that came with the latest news; what the first look finds is not news. */
export function useArrivals(alerts: readonly QueuedAlert[] | undefined): readonly QueuedAlert[] {
  const known = useRef<ReadonlySet<string> | null>(null);
  const [arrivals, setArrivals] = useState(none);
  useEffect(() => {
    if (!alerts) return;
    const before = known.current;
    known.current = new Set(alerts.map(({ id }) => id));
    if (before === null) return;
    const fresh = alerts.filter(({ id, state }) => state === 'open' && !before.has(id));
    if (fresh.length > 0) setArrivals(fresh);
  }, [alerts]);
  return arrivals;
}
