import type { WebSocket } from 'ws';
import { audienceRoles, may, type Place } from '../../domain/scope.ts';
import { seconds } from '../../domain/time.ts';
import type { User } from '../../domain/user.ts';
import type { Clock } from '../../runtime/clock.ts';
import { repeat } from '../../runtime/lifecycle.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { Nudge } from '../../runtime/nudge.ts';
import type { Store } from '../../store/commands.ts';
import type { AlertNews, ConsoleNotice } from '../../store/live.ts';
import { consoleFrame, type ServerFrame } from '../wire/system.ts';
import { areaTree } from './area-tree.ts';
import type { Session } from './sessions.ts';

const POLL_MS = seconds(0.5);
const BEAT_MS = seconds(3);
/** As long as a console waits before it says that nobody is there. */
const SILENT_MS = seconds(10);
/** A console that does not read what it is sent holds memory, and is not looking. */
const UNREAD_BYTES = 1_000_000;
/** A change that was committed late may carry an earlier time than one that was seen already. */
const OVERLAP_MS = seconds(5);
/** Of one frame. Consoles fetch everything again anyway; notices beyond it come with the next poll. */
const IDS_A_FRAME = 500;

type Console = {
  readonly socket: WebSocket;
  readonly session: Session;
  /** Notices told to it that nobody has shown yet. */
  readonly told: Set<string>;
  /** A console that has just come fetches everything: what it had may be older than its connection. */
  greeted: boolean;
  heardAt: number;
};

export type Live = {
  /** A console whose session has been checked. */
  readonly join: (socket: WebSocket, session: Session) => void;
  /** Ends the connections of sessions that have ended. */
  readonly leave: (ended: (session: Session) => boolean) => void;
  readonly stop: () => Promise<void>;
};

type Deps = {
  readonly store: Pick<Store, 'news' | 'areaParents' | 'sessionsHolding' | 'consoleNoticesById' | 'confirmShown'>;
  readonly clock: Clock;
  readonly nudge: Nudge;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'gauge' | 'counter'>;
};

const isFor = (user: User, notice: ConsoleNotice, place: Place): boolean =>
  audienceRoles[notice.audience].includes(user.role) && may(user, 'alert.see', place);

/** A console's word that it has shown notices, believed for those that it may see. */
export async function confirmShown(
  { store, clock, nudge }: Pick<Deps, 'store' | 'clock' | 'nudge'>,
  user: User,
  noticeIds: readonly string[],
): Promise<number> {
  const notices = await store.consoleNoticesById({ ids: noticeIds });
  const place = await areaTree(store).placesOf(notices);
  const ids = notices.filter((notice) => isFor(user, notice, place(notice))).map((notice) => notice.id);
  const confirmed = await store.confirmShown({ noticeIds: ids, by: user.id, now: clock.now() });
  if (confirmed > 0) nudge.send('notices');
  return confirmed;
}

/**
 * Tells the open consoles what changed. One poll serves them all, woken by nudges; each console hears only of what its user may see,
 * and fetches it by requests of its own.
 */
export function openLive(deps: Deps): Live {
  const { store, clock, nudge, log, metrics } = deps;
  const consoles = new Set<Console>();
  const tree = areaTree(store);
  /** Changes told already, by alert and version, within the overlap. */
  const seen = new Map<string, number>();
  let since = clock.now();
  metrics.gauge('shouwang_consoles', 'open WebSocket connections of consoles', () => consoles.size);
  const dropped = metrics.counter(
    'shouwang_consoles_dropped_total',
    'connections ended because nobody read or answered',
  );

  const send = ({ socket }: Console, frame: ServerFrame): void => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame));
  };

  function unseen(changes: readonly AlertNews[]): AlertNews[] {
    for (const [key, at] of seen) if (at < since - 2 * OVERLAP_MS) seen.delete(key);
    return changes.filter(({ alertId, version, at }) => {
      const key = `${alertId} ${version}`;
      if (seen.has(key)) return false;
      seen.set(key, at);
      return true;
    });
  }

  function tell(
    console: Console,
    changes: readonly AlertNews[],
    notices: readonly ConsoleNotice[],
    placeOf: PlaceOf,
  ): void {
    const { user } = console.session;
    const alertIds = new Set<string>();
    for (const change of changes) if (may(user, 'alert.see', placeOf(change))) alertIds.add(change.alertId);
    const fresh = notices.filter((notice) => !console.told.has(notice.id) && isFor(user, notice, placeOf(notice)));
    const noticeIds = fresh.slice(0, IDS_A_FRAME).map((notice) => notice.id);
    if (console.greeted && alertIds.size === 0 && noticeIds.length === 0) return;
    console.greeted = true;
    for (const id of noticeIds) console.told.add(id);
    send(console, {
      kind: 'alerts',
      serverAt: clock.now(),
      alertIds: [...alertIds].slice(0, IDS_A_FRAME),
      noticeIds,
    });
  }

  async function poll(): Promise<void> {
    const now = clock.now();
    if (consoles.size > 0) {
      const { changes, notices } = await store.news({ since: since - OVERLAP_MS });
      const fresh = unseen(changes);
      const placeOf = await tree.placesOf([...fresh, ...notices]);
      const unshown = new Set(notices.map((notice) => notice.id));
      for (const console of consoles) {
        for (const id of console.told) if (!unshown.has(id)) console.told.delete(id);
        tell(console, fresh, notices, placeOf);
      }
    }
    since = now;
  }

  function end(console: Console): void {
    consoles.delete(console);
    console.socket.terminate();
  }

  const leave: Live['leave'] = (ended) => {
    for (const console of consoles) if (ended(console.session)) end(console);
  };

  async function beat(): Promise<void> {
    const now = clock.now();
    for (const console of consoles) {
      if (console.socket.bufferedAmount > UNREAD_BYTES || now - console.heardAt > SILENT_MS) {
        dropped.inc();
        end(console);
        continue;
      }
      send(console, { kind: 'beat', serverAt: now });
      console.socket.ping();
    }
    const tokenHashes = [...new Set([...consoles].map(({ session }) => session.tokenHash))];
    const holding = new Set(await store.sessionsHolding({ tokenHashes, now }));
    leave((session) => tokenHashes.includes(session.tokenHash) && !holding.has(session.tokenHash));
  }

  async function hear(console: Console, text: string): Promise<void> {
    const frame = consoleFrame.safeParse(readJson(text));
    if (!frame.success) return end(console);
    await confirmShown(deps, console.session.user, frame.data.noticeIds);
  }

  const polling = repeat(log, 'live poll', POLL_MS, poll);
  const beating = repeat(log, 'live beat', BEAT_MS, beat);
  const unlisten = [nudge.on('alerts', polling.nudge), nudge.on('notices', polling.nudge)];

  return {
    join(socket, session) {
      const console: Console = { socket, session, told: new Set(), greeted: false, heardAt: clock.now() };
      consoles.add(console);
      socket.on('pong', () => {
        console.heardAt = clock.now();
      });
      socket.on('message', (data) => {
        console.heardAt = clock.now();
        hear(console, String(data)).catch((err) => log.error({ err }, 'what a console has shown was not recorded'));
      });
      socket.on('close', () => consoles.delete(console));
      send(console, { kind: 'hello', serverAt: clock.now() });
      polling.nudge();
    },
    leave,
    async stop() {
      for (const off of unlisten) off();
      await Promise.all([polling.stop(), beating.stop()]);
      for (const console of consoles) end(console);
    },
  };
}

type PlaceOf = (thing: { readonly stationId: string; readonly householdId: string }) => Place;

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
