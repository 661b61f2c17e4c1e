import { useSyncExternalStore } from 'react';

/** One value that lives outside the tree of components and that any of them can watch. */
export type Signal<T> = {
  readonly get: () => T;
  readonly set: (next: T) => void;
  readonly use: () => T;
  readonly watch: (told: () => void) => () => void;
};

export function signal<T>(initial: T): Signal<T> {
  let value = initial;
  const watchers = new Set<() => void>();
  const get = (): T => value;
  const watch = (told: () => void): (() => void) => {
    watchers.add(told);
    return () => watchers.delete(told);
  };
  return {
    get,
    watch,
    set: (next) => {
      if (Object.is(next, value)) return;
      value = next;
      for (const told of watchers) told();
    },
    use: () => useSyncExternalStore(watch, get),
  };
}
