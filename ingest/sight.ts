import type { JournalEntry } from '../domain/packet.ts';
import { hours, seconds } from '../domain/time.ts';
import type { Turn } from '../store/processor.ts';

/**
 * What a processor can hear at all, snapshotted like a household. A stream belongs to one intake; whoever was connected to it before it
 * was started anew may be gone without its having noticed. An intake beats as long as it hears: one that is silent has gone, and with
 * it every connection that it held, unless it goes on later as if nothing had been.
 */
export type Sight = {
  readonly streams: Record<string, StreamHeard>;
  linksSince: number;
  blind: { readonly fromAt: number; readonly toAt: number };
  longBlindUntilAt: number;
};

type StreamHeard = {
  origin: number;
  sinceAt: number;
  lastAt: number;
  /** Its intake beats, so that its silence says something. */
  beats?: true;
  /** It has been silent for too long, from its last sign of life on. */
  silent?: true;
};

/** Three beats of an intake, with room for a slow commit and for clocks of two machines. */
const SILENT_MS = seconds(30);

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

export function linksSince(sight: Sight, stream: string): number {
  const known = sight.streams[stream];
  return Math.max(sight.linksSince, known?.sinceAt ?? 0, known?.silent ? known.lastAt + 1 : 0);
}

/** Nobody can be heard: no intake is there. */
const isDeaf = ({ streams }: Sight): boolean => {
  const all = Object.values(streams);
  return all.length > 0 && all.every(({ silent }) => silent);
};

/**
 * Time passes: an intake that has been silent for too long is gone. True when that is news. While all of them are, silence says nothing
 * about anybody.
 */
export function missStreams(sight: Sight, at: number): boolean {
  let news = false;
  for (const stream of Object.values(sight.streams)) {
    if (!stream.beats || stream.silent || at - stream.lastAt < SILENT_MS) continue;
    stream.silent = true;
    news = true;
  }
  if (isDeaf(sight)) wasBlind(sight, Math.max(...Object.values(sight.streams).map(({ lastAt }) => lastAt)), at);
  return news;
}

/** Since when nobody can be heard; null while somebody can. */
export const deafSince = (sight: Sight): number | null => (isDeaf(sight) ? sight.blind.fromAt : null);

/** True when the turn begins after a time in which nobody listened. */
export function lookAgain(sight: Sight, turn: Turn, previous: Turn | null): boolean {
  if (previous && turn.watchingSince === previous.watchingSince && turn.linksSince === previous.linksSince)
    return false;
  wasBlind(sight, previous?.at ?? 0, turn.watchingSince);
  sight.linksSince = turn.linksSince;
  return true;
}

/** Beats of an intake that lives are never further apart, as the journal orders them. */
const LATELY_MS = SILENT_MS / 2;

/** Whether another intake has been heard lately than the one with these starts, which may write several streams. */
const heardOtherwise = ({ streams }: Sight, own: readonly number[], at: number): boolean =>
  Object.values(streams).some(
    ({ origin, lastAt }) => at - lastAt < LATELY_MS && own.every((start) => Math.abs(origin - start) > SAME_START_MS),
  );

/**
 * True when what is known of this stream's connections has changed: its intake was started anew before this entry, and we were not
 * started with it, or it goes on after a silence.
 */
export function hearStream(sight: Sight, stream: string, { kind, receivedAt, monotonicAt }: JournalEntry): boolean {
  const origin = receivedAt - monotonicAt;
  const known = sight.streams[stream];
  if (known && Math.abs(known.origin - origin) <= SAME_START_MS) {
    const returns = known.silent === true;
    if (returns) delete known.silent;
    if (kind === 'beat') known.beats = true;
    known.lastAt = receivedAt;
    return returns;
  }
  const isFirst = !known || known.lastAt < sight.linksSince;
  sight.streams[stream] = {
    origin,
    sinceAt: isFirst ? (known?.sinceAt ?? receivedAt) : receivedAt,
    lastAt: receivedAt,
    ...(kind === 'beat' && { beats: true }),
  };
  // One of several that is started again and again must not put off for all homes what their silence means.
  if (!isFirst && receivedAt > known.lastAt && !heardOtherwise(sight, [origin, known.origin], receivedAt))
    wasBlind(sight, known.lastAt, receivedAt);
  return !isFirst || known?.silent === true;
}
