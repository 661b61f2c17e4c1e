import type { HubEvent } from '../domain/packet.ts';
import { minutes } from '../domain/time.ts';

/**
 * Which events of a hub have been heard. For each of its boots: the sequence numbers as intervals [from, to], flat and ascending; the
 * latest time that one of them bears, by the hub's clock; and those that spoke of a life, each with its time, flat.
 * In order a boot is one interval, however long; each gap costs one more until it is filled.
 */
export type EventsHeard = [boot: string, intervals: number[], latestAt?: number, urgent?: number[]][];

/** `anew`: a message that bears a number which has been heard, and is none of those that bore it. */
export type Hearing = 'new' | 'copy' | 'anew';

const BOOTS = 4;
/** Some two thousand messages may come in any order: a minute of a hub that says more than any home. */
const NUMBERS = 1_024;
/** Calls for help and words of alarms that are told from each other, in one boot. */
const URGENT = 128;
/** A hub that writes the time of sending into what it sends again is not one that counts anew. */
const RESTAMPED_MS = minutes(2);

/**
 * Notes an event, and says whether it is new. At the bounds the oldest is forgotten: what is repeated from there is taken as new,
 * because an event counted twice is a smaller harm than one not counted.
 *
 * A counter may begin anew without saying so (a factory reset, a firmware whose `boot` never changes). A true copy bears the very time of
 * its original, so nothing that is later than all that was heard can be one, whatever the hub's clock shows and however long it was on its
 * way; then the numbers are forgotten. By the age on arrival this cannot be told: a message that MQTT repeats after an outage says again what
 * it said of its age before. What speaks of a life (`urgent`) is a copy only of what bore the same number and the same time, for there the
 * clock may have begun anew as well. Who tells no time is known by numbers alone.
 */
export function hearEvent(heard: EventsHeard, { boot, seq, clockAt }: HubEvent, urgent: boolean): Hearing {
  const own = ofBoot(heard, boot);
  const isNew = hearNumber(own[1], seq);
  if (clockAt === null) return isNew ? 'new' : 'copy';
  const latestAt = own[2] ?? clockAt;
  const begins = !isNew && clockAt > latestAt + RESTAMPED_MS;
  if (begins) own[1] = [seq, seq];
  own[2] = isNew || begins ? Math.max(latestAt, clockAt) : latestAt;
  if (!urgent) return begins ? 'anew' : isNew ? 'new' : 'copy';
  own[3] ??= [];
  if (!hearUrgent(own[3], seq, clockAt)) return 'copy';
  return isNew ? 'new' : 'anew';
}

function ofBoot(heard: EventsHeard, boot: string): EventsHeard[number] {
  const last = heard.at(-1);
  const known = last?.[0] === boot ? last : heard.find(([name]) => name === boot);
  if (known) return known;
  const own: EventsHeard[number] = [boot, []];
  heard.push(own);
  if (heard.length > BOOTS) heard.shift();
  return own;
}

function hearNumber(intervals: number[], seq: number): boolean {
  let at = intervals.length - 2;
  while (at >= 0 && seq < (intervals[at] as number)) at -= 2;
  if (at >= 0 && seq <= (intervals[at + 1] as number)) return false;
  const joinsLower = at >= 0 && seq === (intervals[at + 1] as number) + 1;
  const joinsUpper = seq + 1 === intervals[at + 2];
  if (joinsLower && joinsUpper) intervals.splice(at + 1, 2);
  else if (joinsLower) intervals[at + 1] = seq;
  else if (joinsUpper) intervals[at + 2] = seq;
  else intervals.splice(at + 2, 0, seq, seq);
  if (intervals.length > NUMBERS) intervals.splice(0, 2);
  return true;
}

function hearUrgent(urgent: number[], seq: number, clockAt: number): boolean {
  for (let at = urgent.length - 2; at >= 0; at -= 2) if (urgent[at] === seq && urgent[at + 1] === clockAt) return false;
  urgent.push(seq, clockAt);
  if (urgent.length > 2 * URGENT) urgent.splice(0, 2);
  return true;
}
