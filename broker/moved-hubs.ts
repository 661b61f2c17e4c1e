import { seconds } from '../domain/time.ts';
import { repeat, type Stop } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Nudge } from '../runtime/nudge.ts';
import type { Store } from '../store/commands.ts';

const POLL_MS = seconds(0.5);
const AT_ONCE = 500;

/**
 * Ends the connections of hubs that have connected to another front end since: also when this process has stood still meanwhile, and
 * goes on as if nothing had happened.
 */
export function startMovedHubs(options: {
  readonly store: Pick<Store, 'hubsThatLeft' | 'letGoOfHubs'>;
  readonly log: Log;
  readonly nudge: Pick<Nudge, 'on'>;
  readonly frontEnd: string;
  /** Ends the connection of a hub, unless it is newer than this epoch. */
  readonly letGo: (hubId: string, epoch: number) => void;
}): Stop {
  const { store, log, nudge, frontEnd, letGo } = options;
  const polling = repeat(log, 'moved hubs', POLL_MS, async () => {
    for (let full = true; full; ) {
      const hubs = await store.hubsThatLeft({ frontEnd, limit: AT_ONCE });
      if (hubs.length === 0) return;
      for (const { hubId, epoch } of hubs) letGo(hubId, epoch);
      await store.letGoOfHubs({ frontEnd, hubs });
      full = hubs.length === AT_ONCE;
    }
  });
  const deaf = nudge.on('links', polling.nudge);
  return async () => {
    deaf();
    await polling.stop();
  };
}
