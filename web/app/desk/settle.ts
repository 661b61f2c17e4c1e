import { type RefObject, useEffect, useRef, useState } from 'react';

type Row = { readonly id: string };

/** How long news waits before rows change places under a pointer or a cursor that was just moved. */
const SETTLE_MS = 2_500;

/** Nothing that stands moves: what is known is renewed in its place, what went stays for now, what is new waits at the end. */
export function held<T extends Row>(standing: readonly T[], incoming: readonly T[]): T[] {
  const news = new Map(incoming.map((row) => [row.id, row]));
  const kept = standing.map((row) => news.get(row.id) ?? row);
  const known = new Set(standing.map(({ id }) => id));
  return [...kept, ...incoming.filter(({ id }) => !known.has(id))];
}

const sameOrder = (a: readonly Row[], b: readonly Row[]): boolean =>
  a.length === b.length && a.every(({ id }, place) => id === b[place]?.id);

/** The rows as they may be shown now. `touched` says that the person is about to press something in `list`. */
export function useSettled<T extends Row>(incoming: readonly T[], list: RefObject<HTMLElement | null>) {
  const [standing, setStanding] = useState(incoming);
  const touchedAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const touched = performance.now() - touchedAt.current < SETTLE_MS || list.current?.matches(':hover');
    if (!touched) return setStanding(incoming);
    setStanding((before) => held(before, incoming));
    const timer = setTimeout(() => setStanding(incoming), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [incoming, list]);
  return {
    rows: standing,
    settling: !sameOrder(standing, incoming),
    touched: () => {
      touchedAt.current = performance.now();
    },
  };
}
