import { type DeviceClass, type Hub, supervision } from '../domain/hub.ts';
import type { LinkChange } from '../domain/packet.ts';
import type { Reading, ReadingKind } from '../domain/reading.ts';
import { minutes } from '../domain/time.ts';
import type { EventsHeard } from './duplicates.ts';
import { type Home, LIVE_WITHIN_MS } from './rule.ts';

/** What has been heard of a hub. Changed in place: it cannot fail half-way, and it is touched with every packet. */
export type HubSeen = {
  heardAt: number;
  /** The connection that counts, by its epoch; 0 for a hub that never had one (it speaks through something else). */
  epoch: number;
  up: boolean;
  linkAt: number;
  stream: string;
  /** When it last spoke again after having been silent for too long. */
  backAt: number;
  events: EventsHeard;
  /** Since when all that it says has been too old to conclude from, and how old it was then; null when its last word was not. */
  late: { readonly sinceAt: number; readonly ageMs: number } | null;
};

export type DeviceSeen = {
  /** When it last gave a sign of life, by the age of what it said. */
  heardAt: number;
  class: DeviceClass;
  /** The states that are kept: what it said last, and when. */
  says: { [K in ReadingKind]?: readonly [value: 0 | 1, at: number] };
};

/** What has been heard in a household; devices by `placeOf`. */
export type Seen = {
  readonly hubs: Record<string, HubSeen>;
  readonly devices: Record<string, DeviceSeen>;
};

export const newHubSeen = (at: number): HubSeen => ({
  heardAt: at,
  epoch: 0,
  up: false,
  linkAt: 0,
  stream: '',
  backAt: 0,
  events: [],
  late: null,
});

/**
 * A take-over may bring the new connection before the end of the old one: only the end of the one that counts is an end. From a front end
 * whose clock is behind it may come before the old one itself: then its epoch is the larger one.
 */
export function changeLink(
  hub: HubSeen,
  { kind, epoch, silentMs = 0 }: LinkChange,
  stream: string,
  now: number,
): boolean {
  if (kind === 'down' && (hub.epoch !== epoch || hub.stream !== stream || !hub.up)) return false;
  if (kind === 'up' && hub.up && hub.stream !== stream && epoch < hub.epoch) return false;
  hub.up = kind === 'up';
  hub.epoch = epoch;
  hub.stream = stream;
  // A hub whose link died without a word has been lost since then, not since somebody noticed.
  hub.linkAt = now - silentMs;
  return true;
}

/** Connected, as far as the intake that holds the connection has been alive ever since. */
export const connected = (hub: HubSeen, home: Pick<Home, 'linksSince'>): boolean =>
  hub.up && hub.linkAt >= home.linksSince(hub.stream);

/**
 * When a hub's silence becomes a loss; never while it is connected. Counted from its last word, the end of its connection, or since
 * we have been listening again, whichever is last. One that has no connection of its own (it comes through a bridge) says nothing by
 * not being connected, so it has the time of a hub that sleeps.
 */
export function hubOverdueAt(hub: HubSeen, power: Hub['power'], home: Pick<Home, 'linksSince' | 'blind'>): number {
  if (connected(hub, home)) return Number.POSITIVE_INFINITY;
  const since = Math.max(hub.heardAt, hub.linkAt, home.blind.toAt, hub.stream === '' ? 0 : home.linksSince(hub.stream));
  return since + supervision.hub[hub.epoch === 0 ? 'battery' : power];
}

/** It was lost already when we ceased to listen for a while: having its time again since then does not make its silence shorter. */
const lostBefore = (hub: HubSeen, power: Hub['power'], { blind }: Pick<Home, 'blind'>): boolean =>
  !hub.up && Math.max(hub.heardAt, hub.linkAt) + supervision.hub[power] <= blind.fromAt;

/** Whether a hub that speaks now is back after having been silent for too long. */
export const returns = (hub: HubSeen, power: Hub['power'], home: Home): boolean =>
  hubOverdueAt(hub, power, home) <= home.now || lostBefore(hub, power, home);

/** Words that stay equally late for so long tell of a clock that is wrong; a backlog catches up. */
const WRONG_AFTER_MS = minutes(10);
/** How equally: a minute, and a tenth of the time that has gone by, since such clocks also drift. */
const EQUALLY = { ms: minutes(1), drift: 0.1 } as const;

/**
 * Notes how late a word of a hub came, and says whether the hub's clock is to blame: then how old it says that something is means
 * nothing. A word without a time of its own tells nothing of the clock.
 */
export function clockIsWrong(hub: HubSeen, { ageMs, clock }: Pick<Reading, 'ageMs' | 'clock'>, now: number): boolean {
  if (clock !== 'device') return false;
  const { late } = hub;
  if (ageMs < LIVE_WITHIN_MS) hub.late = null;
  else if (!late || Math.abs(ageMs - late.ageMs) > EQUALLY.ms + EQUALLY.drift * (now - late.sinceAt)) {
    hub.late = { sinceAt: now, ageMs };
  } else return now - late.sinceAt >= WRONG_AFTER_MS;
  return false;
}

/** A hub that we can hear, so that what is not said was not there to be said. */
export function audible(home: Home, hubId: string): boolean {
  const hub = home.seen.hubs[hubId];
  const registered = home.household.hub.get(hubId);
  if (!hub || !registered) return false;
  return hub.epoch === 0 ? home.now < hubOverdueAt(hub, registered.power, home) : connected(hub, home);
}

/** From what says least of a device's purpose to what says most: a smoke alarm also tells temperature and battery. */
const bySpecificity: readonly DeviceClass[] = [
  'other',
  'environment',
  'vital_monitor',
  'door',
  'motion',
  'alarm',
  'emergency_button',
];

export const moreSpecific = (known: DeviceClass, shown: DeviceClass): DeviceClass =>
  shown !== known && bySpecificity.indexOf(shown) > bySpecificity.indexOf(known) ? shown : known;
