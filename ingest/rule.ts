import type { Finding, Recovery } from '../domain/finding.ts';
import type { Decoded, Position } from '../domain/packet.ts';
import type { Reading, ReadingKind } from '../domain/reading.ts';
import { minutes } from '../domain/time.ts';
import type { Seen } from './seen.ts';
import type { Watched } from './watched.ts';

/** Rules other than the life-critical ones conclude only from readings younger than this; older ones feed series. */
export const LIVE_WITHIN_MS = minutes(15);

/** Later than any time: nothing is to be looked at again by itself. */
export const NEVER_AT = 8.64e15;

/** Which words a packet's occurrences are called by: the device's own identity of the event, or where it stands in the journal. */
export type Origin = { readonly position: Position; readonly event: Decoded['event'] };

export type ReadingInput = Origin & {
  readonly kind: 'reading';
  readonly hubId: string;
  readonly reading: Reading;
  /** Its device, by `placeOf`. */
  readonly place: string;
  /** Which of its packet's readings it is. */
  readonly index: number;
  readonly receivedAt: number;
  /** When it was made, by the server's clock: on arrival, less its age. */
  readonly madeAt: number;
  /** Young enough to conclude from. */
  readonly live: boolean;
  /** What it says about a state that is kept: something else than before, the same, or something older than what is known. */
  readonly news: 'changed' | 'same' | 'older';
};

export type Input =
  | ReadingInput
  /** A message that could not be read, on a topic on which emergencies come. */
  | (Origin & {
      readonly kind: 'unreadable';
      readonly hubId: string;
      readonly topic: string;
      readonly receivedAt: number;
    })
  /** A hub's connection changed, or (`returned`) a hub that had been silent for too long spoke again. */
  | { readonly kind: 'link'; readonly hubId: string; readonly change: 'up' | 'down' | 'returned' }
  | { readonly kind: 'tick' };

/** What a rule may know besides its own state and the input. */
export type Home = {
  readonly household: Watched;
  /** The input's time: when it was received, or the tick's. It never runs backwards within a household. */
  readonly now: number;
  /** The last time in which nobody could have heard anything, our own outage: silence in it says nothing. */
  readonly blind: { readonly fromAt: number; readonly toAt: number };
  /** When the last such time ended that was long enough for devices' daily reports to be lost in it. */
  readonly longBlindUntilAt: number;
  /** Since when the connections of a stream are known; what was connected before may be gone. */
  readonly linksSince: (stream: string) => number;
  readonly seen: Seen;
};

/** A finding before it is known whose: the household and the rule's name are added by who runs the rule. */
export type Conclusion = Omit<Finding, 'householdId' | 'rule'>;
export type Relief = Omit<Recovery, 'householdId'>;

/** `wakeAt`: when the rule wants a tick. After a tick it holds the whole truth; after anything else only what may now come earlier. */
export type Outcome<S> = {
  readonly state: S;
  readonly findings?: readonly Conclusion[];
  readonly recoveries?: readonly Relief[];
  readonly wakeAt?: number;
};

/**
 * A rule is pure: from its own slice of a household's state and one input, the next slice and what it concludes; null when nothing
 * follows. A slice is small plain data that is never changed in place: when a rule throws, what it had before is kept.
 */
export type Rule<S> = {
  readonly name: string;
  readonly initial: S;
  /** The kinds of readings that it is asked about. */
  readonly hears: readonly ReadingKind[];
  readonly step: (state: S, input: Input, home: Home) => Outcome<S> | null;
};

/** A rule of whatever slice, as the table holds it. */
export type AnyRule = Omit<Rule<unknown>, 'step'> & {
  readonly step: (state: unknown, input: Input, home: Home) => Outcome<unknown> | null;
};
export const anyRule = <S>(rule: Rule<S>): AnyRule => rule as unknown as AnyRule;

/** Two hubs may have devices of one name; and nothing that a hub writes can be mistaken for a property of every object. */
export const placeOf = (hubId: string, device: string): string => `${hubId}/${device}`;

/** Whether its device is one of those that are followed: of what a hub invents beyond their bound nothing is remembered. */
export const isFollowed = ({ place, reading }: ReadingInput, home: Pick<Home, 'seen'>): boolean =>
  place in home.seen.devices || reading.device === '';

/** The name of a cause that came in a message: the same for every copy of it, and for no other message that bears its number. */
export function occurrenceOf({ event, position }: Origin, hubId: string, index: number): string {
  if (!event) return `at:${position.stream}:${position.number}:${index}`;
  const { boot, seq, clockAt } = event;
  return `ev:${hubId}:${boot}:${clockAt === null ? seq : `${seq}@${clockAt}`}:${index}`;
}

/** A slice's table without one entry. */
export function without<T>(table: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  const { [key]: _, ...rest } = table;
  return rest;
}
