import { categories } from '../domain/category.ts';
import { seconds } from '../domain/time.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/commands.ts';
import type { Outcome } from '../store/notice.ts';
import { type Destination, destinationName, type Telling } from '../store/telling.ts';
import type { Told } from './channel.ts';
import type { Channels } from './channels/registry.ts';
import { openLanes } from './lanes.ts';
import { attemptMs, outcomeOf, suppressed } from './outcome.ts';
import { openRecorder } from './recorder.ts';
import { verdictOn } from './stages/registry.ts';

/** Longer than any attempt; when a process dies, what it had in hand is told again after this. */
const LEASE_MS = seconds(10);
const BATCH = 256;
/** When a notice comes again that found no place at its destination. */
const NO_ROOM_MS = { critical: seconds(1), ordinary: seconds(5) } as const;

export type Dispatcher = {
  /** Takes on what is due. True when there may be more. Does not wait for receivers. */
  readonly round: () => Promise<boolean>;
  /** Resolves when every attempt under way has been recorded. */
  readonly settled: () => Promise<void>;
};

export type DispatcherDeps = {
  readonly store: Pick<Store, 'takeUpAgain' | 'leaseNotices' | 'tellings' | 'putBack' | 'recordOutcomes'>;
  /** Who has notices in hand: the same after a restart, and nobody else. */
  readonly holder: string;
  readonly channels: Channels;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of everything that is on record. */
  readonly onRecorded: (outcomes: readonly Outcome[]) => void;
};

const isCritical = ({ alert }: Telling): boolean => categories[alert.category].critical;

async function tell(
  { channels, log }: Pick<DispatcherDeps, 'channels' | 'log'>,
  telling: Telling,
  attemptedAt: number,
): Promise<readonly Told[]> {
  const { notice } = telling;
  try {
    return await channels[notice.channel].tell(telling, AbortSignal.timeout(attemptMs(notice, attemptedAt)));
  } catch (err) {
    log.error({ err, notice: notice.id, channel: notice.channel }, 'a channel failed; the notice is tried again');
    return [{ kind: 'retry', reason: 'unreachable', answer: String(err), destination: '' }];
  }
}

/** Somebody else may refuse meanwhile, and then these are still to be asked. */
const withoutRoom = (to: Destination): Told => ({
  ...{ kind: 'retry', reason: 'unreachable', answer: 'too many attempts at it were under way' },
  destination: destinationName(to),
});

/** Due notices → stages → channel → delivery rows. */
export function openDispatcher({ store, holder, channels, clock, log, onRecorded }: DispatcherDeps): Dispatcher {
  const lanes = openLanes();
  const record = openRecorder(store.recordOutcomes, clock);
  const underWay = new Map<string, Promise<void>>();
  let begun = false;

  async function settle(outcomes: readonly Outcome[]): Promise<void> {
    try {
      await record(outcomes);
      onRecorded(outcomes);
    } catch (err) {
      log.error(
        { err, notices: outcomes.length },
        'outcomes could not be recorded; their leases end and they go again',
      );
    }
  }

  async function attempt(telling: Telling, destinations: readonly Destination[], now: number): Promise<void> {
    const told = await tell({ channels, log }, { ...telling, destinations }, now);
    for (const destination of destinations) lanes.leave(destinationName(destination));
    const others = telling.destinations.filter((to) => !destinations.includes(to)).map(withoutRoom);
    await settle([outcomeOf(telling.notice, [...told, ...others], now, clock.now())]);
  }

  /** Starts an attempt at those destinations that have room; false when there are some and none has. */
  function begin(telling: Telling, now: number): boolean {
    const { notice, destinations } = telling;
    const free = destinations.filter((to) => lanes.enter(destinationName(to), isCritical(telling)));
    if (free.length === 0 && destinations.length > 0) return false;
    const done = attempt(telling, free, now).finally(() => underWay.delete(notice.id));
    underWay.set(notice.id, done);
    return true;
  }

  return {
    async round() {
      const now = clock.now();
      if (!begun) await store.takeUpAgain({ holder, now });
      begun = true;
      const leased = await store.leaseNotices({ holder, now, leaseMs: LEASE_MS, limit: BATCH });
      if (leased.length === 0) return false;
      const noticeIds = leased.map((notice) => notice.id).filter((id) => !underWay.has(id));
      const held: Outcome[] = [];
      const noRoom = { critical: [] as string[], ordinary: [] as string[] };
      for (const telling of await store.tellings({ noticeIds, now })) {
        const verdict = verdictOn(telling);
        if (!verdict.go) held.push(suppressed(telling.notice, verdict.reason, now));
        else if (!begin(telling, now)) noRoom[isCritical(telling) ? 'critical' : 'ordinary'].push(telling.notice.id);
      }
      if (held.length > 0) await settle(held);
      for (const lane of ['critical', 'ordinary'] as const) {
        if (noRoom[lane].length > 0) await store.putBack({ noticeIds: noRoom[lane], until: now + NO_ROOM_MS[lane] });
      }
      return leased.length === BATCH;
    },

    async settled() {
      while (underWay.size > 0) await Promise.all(underWay.values());
    },
  };
}
