import type { Finding } from '../domain/finding.ts';
import { SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import type { Decoded, JournalEntry, LinkChange, Packet, Position } from '../domain/packet.ts';
import { minutes } from '../domain/time.ts';
import type { Partition } from '../store/partition.ts';
import type { Turn } from '../store/processor.ts';
import type { WatchedHousehold } from '../store/watched-household.ts';
import { type Directory, describe, type KnownHub, newDirectory, register } from './directory.ts';
import {
  type Concluded,
  type Household,
  type HouseholdState,
  heard,
  linkChanged,
  meaning,
  newHouseholdState,
  nothingConcluded,
  type Ruleset,
  read,
  tick,
  unreadable,
} from './household.ts';
import { type Home, isFollowed, NEVER_AT, placeOf } from './rule.ts';
import { speaksOfLife } from './rules/critical.ts';
import { gatherSeries, type Series } from './series.ts';
import { deafSince, hearStream, linksSince, lookAgain, missStreams, newSight, type Sight } from './sight.ts';
import { duration } from './words.ts';

export type Entry = { readonly entry: JournalEntry; readonly position: Position };
export type Decode = (packet: Packet, hub: KnownHub) => Decoded;

/**
 * All households of a processor, in memory, and what has changed since the last checkpoint. The same turns over the same journal lead
 * to the same states, down to the byte, and to the same findings; nothing in here reads a clock. (The registry is as it is now: a
 * replay sees a limit that was changed meanwhile.)
 */
export type Town = {
  readonly partition: Partition;
  readonly rules: Ruleset;
  readonly decode: Decode;
  readonly directory: Directory;
  readonly states: Map<string, HouseholdState>;
  /** Up to which turn a state has been kept beyond the checkpoint: what it has seen, it is not shown again. */
  readonly ahead: Map<string, number>;
  sight: Sight;
  /** When the first household wants to be looked at. */
  wakeAt: number;
  readonly series: Series;
  readonly changed: Set<string>;
  readonly changedCatalogues: Set<string>;
  readonly newDevices: Map<string, Set<string>>;
};

export const newTown = (rules: Ruleset, decode: Decode, partition: Partition): Town => ({
  partition,
  rules,
  decode,
  directory: newDirectory(),
  states: new Map(),
  ahead: new Map(),
  sight: newSight(),
  wakeAt: NEVER_AT,
  series: gatherSeries(),
  changed: new Set(),
  changedCatalogues: new Set(),
  newDevices: new Map(),
});

/** What a turn came to. `readings` counts those that were new; `unknownHubs` packets of hubs that the registry does not have. */
export type TurnTaken = Concluded & { readings: number; unknownHubs: number };

/** A shorter outage of our own is a restart; a longer one is an incident, one for all homes. */
const OUTAGE_MS = minutes(1);

function outage(fromAt: number, toAt: number): Finding {
  const gap = duration(toAt - fromAt);
  return {
    householdId: SYSTEM_HOUSEHOLD,
    category: 'system',
    about: { hubId: '', device: 'outage' },
    rule: 'outage',
    occurrenceKey: `system:outage:${fromAt}`,
    at: toAt,
    delayMs: 0,
    sentence: {
      zh: `守望自己停了 ${gap.zh}，现已恢复；期间没有人看护，网关补发的消息会照常处理。`,
      en: `Shouwang itself was out for ${gap.en} and is back. Nobody watched meanwhile; what hubs kept and send now is dealt with as usual.`,
    },
    evidence: { readings: [], numbers: { outageMs: toAt - fromAt, fromAt, toAt } },
  };
}

/** The household that is being looked at, before the rules; one object for all, since millions of looks an hour would each make one. */
type Look = {
  readonly town: Town;
  readonly turn: Turn;
  readonly floorAt: number;
  readonly taken: TurnTaken;
  readonly household: { state: HouseholdState; readonly home: { -readonly [K in keyof Home]: Home[K] } };
};

function look(town: Town, turn: Turn, previous: Turn | null): Look {
  const state = newHouseholdState();
  return {
    town,
    turn,
    floorAt: previous?.at ?? 0,
    taken: { ...nothingConcluded(), readings: 0, unknownHubs: 0 },
    household: {
      state,
      home: {
        household: { householdId: '' } as Home['household'],
        now: 0,
        blind: town.sight.blind,
        longBlindUntilAt: town.sight.longBlindUntilAt,
        linksSince: (stream) => linksSince(town.sight, stream),
        seen: state,
      },
    },
  };
}

/** Turns the look to a household at a moment; null when it is not ours, or has seen this turn already. */
function lookAt(it: Look, householdId: string, now: number): Household | null {
  const { town, household } = it;
  const registered = town.directory.households.get(householdId);
  if (!registered || (town.ahead.get(householdId) ?? 0) >= it.turn.number) return null;
  let state = town.states.get(householdId);
  if (!state) {
    state = newHouseholdState();
    town.states.set(householdId, state);
  }
  household.state = state;
  household.home.household = registered;
  household.home.now = now;
  household.home.blind = town.sight.blind;
  household.home.longBlindUntilAt = town.sight.longBlindUntilAt;
  household.home.seen = state;
  town.changed.add(householdId);
  return household;
}

/** Everybody is to be looked at in this turn: what is known of connections or silence has changed for all. */
function wakeAll({ town, turn }: Look): void {
  for (const [householdId, state] of town.states) {
    if ((town.ahead.get(householdId) ?? 0) < turn.number) state.wakeAt = 0;
  }
  town.wakeAt = 0;
}

function readPacket(it: Look, household: Household, hub: KnownHub, packet: Packet, position: Position): void {
  const { town, taken } = it;
  const decoded = meaning(household, () => town.decode(packet, hub), taken);
  const message = { packet, position, event: decoded?.event ?? null };
  if (!heard(household, message, decoded !== null && speaksOfLife(decoded), town.rules, taken)) return;
  if (!decoded) {
    if (packet.topic.endsWith('/emergency')) unreadable(household, message, town.rules, taken);
    return;
  }
  if (decoded.catalogue && describe(town.directory, hub.hubId, decoded.catalogue))
    town.changedCatalogues.add(hub.hubId);
  if (decoded.unreadable?.emergency) unreadable(household, message, town.rules, taken);
  const { householdId, settings } = household.home.household;
  const { devices } = household.state;
  for (let index = 0; index < decoded.readings.length; index++) {
    const reading = decoded.readings[index];
    if (!reading) continue;
    const place = placeOf(hub.hubId, reading.device);
    const shown = devices[place]?.class;
    const input = read(household, message, reading, index, town.rules, taken);
    if (devices[place]?.class !== shown) noteDevice(town, householdId, place);
    if (isFollowed(input, household.home)) town.series.add(householdId, settings.zone, input);
    taken.readings++;
  }
}

function noteDevice(town: Town, householdId: string, place: string): void {
  const places = town.newDevices.get(householdId);
  if (places) places.add(place);
  else town.newDevices.set(householdId, new Set([place]));
}

function hear(it: Look, { entry, position }: Entry): void {
  const { town, taken } = it;
  if (hearStream(town.sight, position.stream, entry)) wakeAll(it);
  if (entry.kind === 'beat') return;
  const hub = town.directory.hubs.get(entry.hubId);
  if (!hub) {
    taken.unknownHubs++;
    return;
  }
  const household = lookAt(it, hub.householdId, Math.max(entry.receivedAt, it.floorAt));
  if (!household) return;
  if (entry.kind === 'packet') readPacket(it, household, hub, entry, position);
  else linkChanged(household, entry satisfies LinkChange, position, town.rules, taken);
  if (household.state.wakeAt < town.wakeAt) town.wakeAt = household.state.wakeAt;
}

/** Every intake was gone, and one is back: one incident, said by one processor; and not if we were out ourselves meanwhile and have said so. */
function hearAgain({ town, turn, taken }: Look, fromAt: number): void {
  if (town.partition.number !== 0 || fromAt < turn.watchingSince || turn.at - fromAt <= OUTAGE_MS) return;
  taken.conclusions.push({ finding: outage(fromAt, turn.at) });
}

function tickDue(it: Look): void {
  const { town, turn, taken } = it;
  if (town.wakeAt > turn.at) return;
  let wakeAt = NEVER_AT;
  for (const [householdId, state] of town.states) {
    if (state.wakeAt <= turn.at) {
      const household = lookAt(it, householdId, turn.at);
      if (household) tick(household, town.rules, taken);
    }
    if (state.wakeAt < wakeAt) wakeAt = state.wakeAt;
  }
  town.wakeAt = wakeAt;
}

/**
 * One turn: what has come, in order, and then time. No household's time ever runs backwards: where a clock was set back, it stands
 * until it is caught up with.
 */
export function takeTurn(town: Town, turn: Turn, previous: Turn | null, entries: Iterable<Entry>): TurnTaken {
  const it = look(town, turn, previous);
  if (lookAgain(town.sight, turn, previous)) wakeAll(it);
  const fromAt = previous?.at ?? turn.watchingSince;
  if (previous && turn.watchingSince !== previous.watchingSince && turn.watchingSince - fromAt > OUTAGE_MS) {
    it.taken.conclusions.push({ finding: outage(fromAt, turn.watchingSince) });
  }
  const deafFrom = deafSince(town.sight);
  for (const entry of entries) hear(it, entry);
  if (deafFrom !== null && deafSince(town.sight) === null) hearAgain(it, deafFrom);
  if (missStreams(town.sight, turn.at)) wakeAll(it);
  tickDue(it);
  return it.taken;
}

/** The registry says something new of a household; it is looked at in the next turn, since its limits may be others. */
export function registerIn(town: Town, household: WatchedHousehold): void {
  register(town.directory, household);
  const state = town.states.get(household.householdId);
  if (!state) return;
  state.wakeAt = 0;
  town.wakeAt = 0;
}
