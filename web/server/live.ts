import type { WebSocket } from 'ws';
import { seconds } from '../../domain/time.ts';
import type { Clock } from '../../runtime/clock.ts';
import { repeat } from '../../runtime/lifecycle.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { Nudge } from '../../runtime/nudge.ts';
import type { Store } from '../../store/commands.ts';
import { consoleFrame, type ServerFrame } from '../wire/system.ts';
import { areaTree } from './area-tree.ts';
import type { Session } from './sessions.ts';
import { confirmShown } from './shown.ts';
import { frameFor, NUDGED_OVERLAP_MS, OVERLAP_MS, onceOnly, type Told } from './tidings.ts';

const POLL_MS = seconds(0.5);
/** Between two looks at the news: a storm of alarms is told in so many a second that most of the time is left for others. */
const APART_MS = 10;
const BEAT_MS = seconds(3);
const PING_MS = seconds(1);
/** A console that leaves so many pings unanswered, or so much unread, holds memory and is not looking: it is dropped within 5 s. */
const UNANSWERED = 4;
const UNREAD_BYTES = 1_000_000;

type Console = {
  readonly socket: WebSocket;
  readonly session: Session;
  readonly told: Told;
  /** Pings since it was last heard. They are counted, not timed: a server that itself stood still has nobody to blame. */
  unanswered: number;
};

type Deps = {
  readonly store: Pick<Store, 'news' | 'areaParents' | 'sessionsHolding' | 'consoleNoticesById' | 'confirmShown'>;
  readonly clock: Clock;
  readonly nudge: Nudge;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'gauge' | 'counter'>;
};

export type Live = {
  /** A console whose session has been checked. */
  readonly join: (socket: WebSocket, session: Session) => void;
  /** Ends the connections of sessions that have ended. */
  readonly leave: (ended: (session: Session) => boolean) => void;
  readonly stop: () => Promise<void>;
};

const send = ({ socket }: Console, frame: ServerFrame): void => {
  if (socket.readyState === socket.OPEN && socket.bufferedAmount <= UNREAD_BYTES) socket.send(JSON.stringify(frame));
};

/**
 * One look for all consoles at what changed since the last one; each hears only of what its user may see. Twice a second, and where a
 * console has just come, it looks for everything that is to be shown; between that only for what is new.
 */
function newsTeller({ store, clock }: Deps, consoles: ReadonlySet<Console>): () => Promise<void> {
  const tree = areaTree(store);
  const unseen = onceOnly();
  let since = clock.now();
  let lookedForAll = Number.NEGATIVE_INFINITY;

  return async () => {
    const at = clock.now();
    const from = performance.now();
    const forAll = from >= lookedForAll + POLL_MS || [...consoles].some(({ told }) => !told.greeted);
    if (consoles.size > 0) {
      const news = await store.news(
        forAll ? { since: since - OVERLAP_MS, notices: 'all' } : { since: since - NUDGED_OVERLAP_MS, notices: 'since' },
      );
      const placeOf = await tree.placesOf([...news.changes, ...news.notices]);
      // From here on nothing fails: what counts as seen is told.
      const changes = unseen(news.changes, since);
      const unshown = new Set(news.notices.map((notice) => notice.id));
      const shown = (id: string) => forAll && !unshown.has(id);
      for (const console of consoles) {
        const { told, session } = console;
        for (const id of told.noticeIds) if (shown(id)) told.noticeIds.delete(id);
        const frame = frameFor(session.user, told, { changes, notices: news.notices, placeOf, at });
        if (frame?.kind !== 'alerts') continue;
        told.greeted = true;
        for (const id of frame.noticeIds) told.noticeIds.add(id);
        send(console, frame);
      }
    }
    if (forAll) lookedForAll = from;
    since = at;
  };
}

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** Gives the counter of those that were dropped. */
function metersOf(metrics: Deps['metrics'], consoles: ReadonlySet<Console>) {
  metrics.gauge('shouwang_consoles', 'open WebSocket connections of consoles', () => consoles.size);
  metrics.gauge('shouwang_consoles_unread_bytes', 'what is held for consoles that have not read it yet', () =>
    [...consoles].reduce((sum, { socket }) => sum + socket.bufferedAmount, 0),
  );
  return metrics.counter('shouwang_consoles_dropped_total', 'connections ended because nobody read or answered');
}

/**
 * Tells the open consoles what changed, and fetches nothing for them: they ask by requests of their own. A nudge makes it look at
 * once; without one it looks twice a second.
 */
export function openLive(deps: Deps): Live {
  const { store, clock, nudge, log, metrics } = deps;
  const consoles = new Set<Console>();
  const dropped = metersOf(metrics, consoles);

  const end = (console: Console): void => {
    consoles.delete(console);
    console.socket.terminate();
  };
  const leave: Live['leave'] = (ended) => {
    for (const console of consoles) if (ended(console.session)) end(console);
  };

  async function ping(): Promise<void> {
    for (const console of consoles) {
      if (console.socket.bufferedAmount > UNREAD_BYTES || console.unanswered === UNANSWERED) {
        dropped.inc();
        end(console);
        continue;
      }
      console.unanswered++;
      console.socket.ping();
    }
  }

  async function beat(): Promise<void> {
    const tokenHashes = [...new Set([...consoles].map(({ session }) => session.tokenHash))];
    const holding = new Set(await store.sessionsHolding({ tokenHashes, now: clock.now() }));
    // Not before the memory has answered: a desk whose server sees nothing must turn red, as if there were none.
    for (const console of consoles) send(console, { kind: 'beat', serverAt: clock.now() });
    leave(({ tokenHash }) => tokenHashes.includes(tokenHash) && !holding.has(tokenHash));
  }

  async function hear(console: Console, text: string): Promise<void> {
    const frame = consoleFrame.safeParse(readJson(text));
    if (!frame.success) return end(console);
    await confirmShown(deps, console.session.user, frame.data.noticeIds);
  }

  const telling = repeat(log, 'live news', POLL_MS, newsTeller(deps, consoles), APART_MS);
  const beating = repeat(log, 'live beat', BEAT_MS, beat);
  const pinging = repeat(log, 'live ping', PING_MS, ping);
  const unlisten = [nudge.on('alerts', telling.nudge), nudge.on('notices', telling.nudge)];

  return {
    join(socket, session) {
      const told = { greeted: false, noticeIds: new Set<string>() };
      const console: Console = { socket, session, told, unanswered: 0 };
      const heard = (): void => {
        console.unanswered = 0;
      };
      consoles.add(console);
      socket.on('pong', heard);
      socket.on('message', (data) => {
        heard();
        hear(console, String(data)).catch((err) => log.error({ err }, 'what a console has shown was not recorded'));
      });
      socket.on('close', () => consoles.delete(console));
      send(console, { kind: 'hello', serverAt: clock.now() });
      telling.nudge();
    },
    leave,
    async stop() {
      for (const off of unlisten) off();
      await Promise.all([telling.stop(), beating.stop(), pinging.stop()]);
      for (const console of consoles) end(console);
    },
  };
}
