import { useEffect } from 'react';
import { setByServer } from '../clock.ts';
import { keepLive, type Link } from '../live.ts';
import { queries, queueKey } from '../queries.ts';
import { signal } from '../signal.ts';
import { awaitShowing, nowShown } from './shown.ts';

export const link = signal<Link>('connecting');

const SHOWN_EVERY_MS = 250;

const fetchAgain = (...keys: readonly string[]): void => {
  for (const key of keys) void queries.invalidateQueries({ queryKey: [key] });
};

/** While mounted: the server's nudges make what is on the screen be fetched again, and what then stands there is confirmed. */
export function useLive(): void {
  useEffect(() => {
    const live = keepLive(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/live`, {
      onFrame: (frame) => {
        setByServer(frame.serverAt);
        if (frame.kind !== 'alerts') return;
        awaitShowing(frame, Date.now());
        fetchAgain('alerts', 'household', 'system');
      },
      onLink: (next) => {
        const before = link.get();
        link.set(next);
        if (before === 'lost' && next === 'live') void queries.invalidateQueries();
      },
    });
    const timer = setInterval(() => {
      const noticeIds = nowShown(Date.now(), queries.getQueryState(queueKey('unclosed'))?.dataUpdatedAt ?? 0);
      if (noticeIds.length > 0) requestAnimationFrame(() => live.send({ kind: 'shown', noticeIds }));
    }, SHOWN_EVERY_MS);
    return () => {
      clearInterval(timer);
      live.stop();
    };
  }, []);
}
