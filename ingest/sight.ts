import type { JournalEntry } from '../domain/packet.ts';
import { hours, seconds } from '../domain/time.ts';
import type { Turn } from '../store/processor.ts';

/**
 * What a processor can hear at all, snapshotted like a household. A stream belongs to one intake; whoever was connected to it before it
 * was started anew may be gone without its having noticed.
 */
export type Sight = {
  readonly streams: Record<string, { origin: number; sinceAt: number; lastAt: number }>;
  linksSince: number;
  blind: { readonly fromAt: number; readonly toAt: number };
  longBlindUntilAt: number;
};

/** A daily report that fell into a shorter gap leaves its device enough of its 25 hours. */
const LONG_MS = hours(1);
/** Wall and monotonic clock of one start of an intake differ by a constant; another start has another one. */
const SAME_START_MS = seconds(0.05);

export const newSight = (): Sight => ({
  streams: {},
  linksSince: 0,
  blind: { fromAt: 0, toAt: 0 },
  longBlindUntilAt: 0,
});

function wasBlind(sight: Sight, fromAt: number, toAt: number): void {
  sight.blind = { fromAt, toAt };
  if (toAt - fromAt >= LONG_MS) sight.longBlindUntilAt = toAt;
}

export const linksSince = (sight: Sight, stream: string): number =>
  Math.max(sight.linksSince, sight.streams[stream]?.sinceAt ?? 0);

/** True when the turn begins after a time in which nobody listened. */
export function lookAgain(sight: Sight, turn: Turn, previous: Turn | null): boolean {
  if (previous && turn.watchingSince === previous.watchingSince && turn.linksSince === previous.linksSince)
    return false;
  wasBlind(sight, previous?.at ?? 0, turn.watchingSince);
  sight.linksSince = turn.linksSince;
  return true;
}

/** True when the intake of this stream was started anew before this entry, and we were not started with it. */
export function hearStream(sight: Sight, stream: string, { receivedAt, monotonicAt }: JournalEntry): boolean {
  const origin = receivedAt - monotonicAt;
  const known = sight.streams[stream];
  if (known && Math.abs(known.origin - origin) <= SAME_START_MS) {
    known.lastAt = receivedAt;
    return false;
  }
  if (!known || known.lastAt < sight.linksSince) {
    sight.streams[stream] = { origin, sinceAt: known?.sinceAt ?? receivedAt, lastAt: receivedAt };
    return false;
  }
  sight.streams[stream] = { origin, sinceAt: receivedAt, lastAt: receivedAt };
  if (receivedAt > known.lastAt) wasBlind(sight, known.lastAt, receivedAt);
  return true;
}
