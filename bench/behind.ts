import { setTimeout as pause } from 'node:timers/promises';
import { openStoreToRead } from '../store/open.ts';
import { until } from '../test/system.ts';

const LOOK_EVERY_MS = 100;
const LEVEL_MS = 1_000;

/**
 * For how long the oldest entry of the journal has waited for a processor, by the database itself: screens share an answer for five
 * seconds, which is as long as what is measured, and know nothing of a partition whose processor has not begun.
 */
export function openBehind(url: string) {
  const { store, close } = openStoreToRead(url);
  const ms = async (): Promise<number> => {
    const now = Date.now();
    const { unreadSince } = await store.facts({ now });
    return unreadSince === null ? 0 : now - unreadSince;
  };
  return {
    ms,
    close,
    level: (withinMs: number): Promise<unknown> =>
      until(
        'the processors to be level',
        () => pause(LOOK_EVERY_MS).then(async () => (await ms()) < LEVEL_MS),
        withinMs,
      ),
  };
}
