import type { Command } from '../domain/down-link.ts';
import { minutes, seconds } from '../domain/time.ts';
import type { Clock } from '../runtime/clock.ts';
import { repeat, type Stop } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Nudge } from '../runtime/nudge.ts';
import type { Store } from '../store/commands.ts';

const POLL_MS = seconds(0.5);
const EXPIRY_MS = minutes(1);
const PAGE = 500;

/**
 * Brings hubs what waits for them. Each command is tried once on a connection: either the hub answers for it there, or the connection
 * ends, and the next one is the next attempt.
 */
export function startDownLink(options: {
  readonly store: Pick<Store, 'commandsFor' | 'commandsSent' | 'expireCommands'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  readonly nudge: Pick<Nudge, 'on'>;
  readonly frontEnd: string;
  /** Resolves when the hub has answered for it, or it can not be known any more whether it will. */
  readonly send: (hubId: string, topic: string, payload: string) => Promise<'sent' | 'not_connected'>;
}): Stop {
  const { store, clock, log, nudge, frontEnd, send } = options;
  const underWay = new Set<string>();
  let sent: string[] = [];

  function attempt({ id, hubId, topic, payload }: Command): void {
    if (underWay.has(id)) return;
    underWay.add(id);
    void send(hubId, topic, payload).then((outcome) => {
      if (outcome === 'not_connected') underWay.delete(id);
      else if (sent.push(id) === 1) polling.nudge();
    });
  }

  const polling = repeat(log, 'down-link', POLL_MS, async () => {
    const now = clock.now();
    if (sent.length > 0) {
      const ids = sent;
      await store.commandsSent({ ids, now });
      sent = sent.slice(ids.length);
      for (const id of ids) underWay.delete(id);
    }
    for (let after: Command | null | undefined = null; after !== undefined; ) {
      const page: Command[] = await store.commandsFor({ frontEnd, now, after, limit: PAGE });
      for (const command of page) attempt(command);
      after = page.length < PAGE ? undefined : page.at(-1);
    }
  });
  const expiring = repeat(log, 'expiry of commands', EXPIRY_MS, () =>
    store.expireCommands({ now: clock.now(), limit: PAGE }),
  );
  const deaf = nudge.on('commands', polling.nudge);
  return async () => {
    deaf();
    await Promise.all([polling.stop(), expiring.stop()]);
  };
}
