import type { Finding, Recovery } from '../domain/finding.ts';
import { classOf } from '../domain/hub.ts';
import type { Decoded, LinkChange, Packet, Position } from '../domain/packet.ts';
import { factsOf, type Reading, type ReadingKind, readingKind } from '../domain/reading.ts';
import { hours, minutes } from '../domain/time.ts';
import { hearEvent } from './duplicates.ts';
import {
  type AnyRule,
  type Home,
  type Input,
  LIVE_WITHIN_MS,
  NEVER_AT,
  type Origin,
  placeOf,
  type ReadingInput,
} from './rule.ts';
import {
  changeLink,
  clockIsWrong,
  type DeviceSeen,
  type HubSeen,
  moreSpecific,
  newHubSeen,
  returns,
  type Seen,
} from './seen.ts';

/** All that is remembered of a household between two inputs: plain data, snapshotted as JSON. */
export type HouseholdState = Seen & {
  /** The rules' slices, by name; one that is as it began is left out. */
  readonly rules: Record<string, unknown>;
  /** Rules that threw, and when last. */
  readonly failing: Record<string, number>;
  /** When it wants to be looked at again without anything having come. */
  wakeAt: number;
};

export const newHouseholdState = (): HouseholdState => ({ hubs: {}, devices: {}, rules: {}, failing: {}, wakeAt: 0 });

export type Conclusion = { readonly finding: Finding } | { readonly recovery: Recovery };

/** What was concluded, gathered over many households; in order, since a battery that is low, changed and low again is low. */
export type Concluded = {
  readonly conclusions: Conclusion[];
  readonly failures: { readonly householdId: string; readonly rule: string; readonly error: unknown }[];
  /** Hubs that gave a number to a second message. */
  readonly countingAnew: Set<string>;
};

export const nothingConcluded = (): Concluded => ({ conclusions: [], failures: [], countingAnew: new Set() });

/** Devices followed in one household; what a hub invents beyond that is heard and not remembered. */
const DEVICES = 500;
/** A rule that failed is asked again after this, and counts as working again when it has not failed for the longer time. */
const FAILED_AGAIN_MS = minutes(1);
const WORKS_AGAIN_MS = hours(1);

/** States whose last word is kept; movement counts each time and is kept nowhere. */
const kept: ReadonlySet<ReadingKind> = new Set(
  readingKind.options.filter((kind) => {
    const { shape, retain } = factsOf(kind);
    return shape === 'state' && retain !== 'activity' && kind !== 'available';
  }),
);

export type Household = { readonly state: HouseholdState; readonly home: Home };

/** The rules, by what they hear. */
export type Ruleset = {
  readonly all: readonly AnyRule[];
  readonly byKind: ReadonlyMap<ReadingKind, readonly AnyRule[]>;
};

export const ruleset = (rules: readonly AnyRule[]): Ruleset => ({
  all: rules,
  byKind: new Map(readingKind.options.map((kind) => [kind, rules.filter((rule) => rule.hears.includes(kind))])),
});

/** Asks rules about one input. One that throws keeps what it had; the others go on. */
function ask(rules: readonly AnyRule[], input: Input, { state, home }: Household, out: Concluded): void {
  const { householdId } = home.household;
  for (const rule of rules) {
    try {
      const outcome = rule.step(state.rules[rule.name] ?? rule.initial, input, home);
      if (!outcome) continue;
      if (outcome.state !== rule.initial || rule.name in state.rules) state.rules[rule.name] = outcome.state;
      for (const it of outcome.findings ?? []) {
        out.conclusions.push({ finding: { ...it, householdId, rule: rule.name } });
      }
      for (const it of outcome.recoveries ?? []) out.conclusions.push({ recovery: { ...it, householdId } });
      if (outcome.wakeAt !== undefined && outcome.wakeAt < state.wakeAt) state.wakeAt = outcome.wakeAt;
    } catch (error) {
      fail(rule.name, error, { state, home }, out);
    }
  }
}

/** One of our own judgements is of no use for a household: somebody must know. */
export const degraded = (householdId: string, rule: string, now: number): Finding => ({
  householdId,
  rule,
  category: 'monitoring_degraded',
  about: { hubId: '', device: rule },
  occurrenceKey: `monitoring_degraded:${rule}:${now}`,
  at: now,
  delayMs: 0,
  sentence: {
    zh: `守望的一项判断（${rule}）在这一户出错，暂时不起作用；紧急呼叫不受影响。`,
    en: `One of Shouwang's rules (${rule}) fails for this home and is without effect for now; calls for help come through all the same.`,
  },
  evidence: { readings: [], numbers: {} },
});

const minuteOf = (at: number): number => Math.floor(at / minutes(1));

function fail(rule: string, error: unknown, { state, home }: Household, out: Concluded): void {
  const { householdId } = home.household;
  const before = state.failing[rule];
  // One a minute: a rule that fails on every message of every home must not drown what else the log says.
  if (before === undefined || minuteOf(before) !== minuteOf(home.now)) out.failures.push({ householdId, rule, error });
  state.failing[rule] = home.now;
  state.wakeAt = Math.min(state.wakeAt, home.now + FAILED_AGAIN_MS);
  if (before === undefined) out.conclusions.push({ finding: degraded(householdId, rule, home.now) });
}

/** Time: every rule is asked, and says anew when it wants to be asked again. */
export function tick(household: Household, rules: Ruleset, out: Concluded): void {
  household.state.wakeAt = NEVER_AT;
  ask(rules.all, { kind: 'tick' }, household, out);
  forgive(household, out);
}

/** Rules that have not failed for long enough work again; when that is all of them, it is said. */
function forgive({ state, home }: Household, out: Concluded): void {
  const failed = Object.entries(state.failing);
  if (failed.length === 0) return;
  for (const [rule, at] of failed) if (home.now - at >= WORKS_AGAIN_MS) delete state.failing[rule];
  if (Object.keys(state.failing).length > 0) {
    state.wakeAt = Math.min(state.wakeAt, home.now + FAILED_AGAIN_MS);
    return;
  }
  out.conclusions.push({
    recovery: {
      householdId: home.household.householdId,
      category: 'monitoring_degraded',
      about: { hubId: '', device: '' },
      at: home.now,
      sentence: { zh: '各项判断恢复正常。', en: "All of Shouwang's rules work for this home again." },
    },
  });
}

function hubOf({ state, home }: Household, hubId: string): HubSeen {
  let hub = state.hubs[hubId];
  if (!hub) {
    hub = newHubSeen(home.now);
    state.hubs[hubId] = hub;
    state.wakeAt = Math.min(state.wakeAt, home.now);
  }
  return hub;
}

/** A word from a hub, whatever it says; a lost one is back, and what stands behind it gets its time anew. */
function hearHub(household: Household, hubId: string, rules: Ruleset, out: Concluded): HubSeen {
  const { home } = household;
  const hub = hubOf(household, hubId);
  const registered = home.household.hub.get(hubId);
  const returned = registered !== undefined && returns(hub, registered.power, home);
  hub.heardAt = home.now;
  if (returned) {
    hub.backAt = home.now;
    ask(rules.all, { kind: 'link', hubId, change: 'returned' }, household, out);
  }
  return hub;
}

export function linkChanged(
  household: Household,
  change: LinkChange,
  { stream }: Position,
  rules: Ruleset,
  out: Concluded,
): void {
  const { state, home } = household;
  if (change.kind === 'down' && !state.hubs[change.hubId]) return;
  const hub = change.kind === 'up' ? hearHub(household, change.hubId, rules, out) : hubOf(household, change.hubId);
  if (!changeLink(hub, change, stream, home.now)) return;
  ask(rules.all, { kind: 'link', hubId: change.hubId, change: change.kind }, household, out);
}

export type Message = Origin & { readonly packet: Packet };

/** What a packet means; null when our own decoder fails on it, which is as bad as a rule that does. */
export function meaning(household: Household, decode: () => Decoded, out: Concluded): Decoded | null {
  try {
    return decode();
  } catch (error) {
    fail('decode', error, household, out);
    return null;
  }
}

/**
 * A hub has spoken. False when it only repeats what it said before: then nothing but its being there follows. `urgent`: it speaks of a
 * life.
 */
export function heard(
  household: Household,
  { packet, event }: Message,
  urgent: boolean,
  rules: Ruleset,
  out: Concluded,
): boolean {
  const hub = hearHub(household, packet.hubId, rules, out);
  const hearing = event ? hearEvent(hub.events, event, urgent) : 'new';
  if (hearing === 'anew') out.countingAnew.add(packet.hubId);
  return hearing !== 'copy';
}

export function unreadable(household: Household, message: Message, rules: Ruleset, out: Concluded): void {
  const { hubId, topic, receivedAt } = message.packet;
  const { position, event } = message;
  ask(rules.all, { kind: 'unreadable', hubId, topic, receivedAt, position, event }, household, out);
}

/** What is known of the device that a reading is of; null for the hub itself and beyond the bound. */
function deviceOf({ state }: Household, place: string, reading: Reading, madeAt: number): DeviceSeen | null {
  if (reading.device === '') return null;
  // A hub's idea of whether a device is there is no word of the device.
  const itself = reading.kind !== 'available';
  let device = state.devices[place];
  if (!device) {
    if (!itself || Object.keys(state.devices).length >= DEVICES) return null;
    device = { heardAt: madeAt, class: 'other', says: {} };
    state.devices[place] = device;
  }
  device.class = moreSpecific(device.class, classOf(reading.kind));
  if (itself && madeAt > device.heardAt) device.heardAt = madeAt;
  return device;
}

/** Notes what a device says of a state, and whether that is new. A first "no" is no news: nothing has happened. */
function newsOf(
  device: DeviceSeen | null,
  kind: ReadingKind,
  value: Reading['value'],
  at: number,
): ReadingInput['news'] {
  if (!device || !kept.has(kind)) return 'changed';
  const says = value === true ? 1 : 0;
  const before = device.says[kind];
  if (before && at < before[1]) return 'older';
  device.says[kind] = [says, at];
  return before ? (before[0] === says ? 'same' : 'changed') : says === 1 ? 'changed' : 'same';
}

/**
 * A reading as it is to be believed: of a hub whose clock is wrong it happened on arrival, as with any clock that cannot be believed.
 * Life-critical ones keep the age that the intake judged them by.
 */
function believed({ state, home }: Household, hubId: string, reading: Reading): Reading {
  const hub = state.hubs[hubId];
  if (!hub || !clockIsWrong(hub, reading, home.now) || factsOf(reading.kind).critical) return reading;
  return { ...reading, ageMs: 0, clock: 'implausible' };
}

/** One reading: noted, and put before the rules that hear its kind. Returns it as they heard it. */
export function read(
  household: Household,
  message: Message,
  said: Reading,
  index: number,
  rules: Ruleset,
  out: Concluded,
): ReadingInput {
  const { packet, position, event } = message;
  const { hubId, receivedAt } = packet;
  const reading = believed(household, hubId, said);
  const madeAt = receivedAt - reading.ageMs;
  const place = placeOf(hubId, reading.device);
  const device = deviceOf(household, place, reading, madeAt);
  const input: ReadingInput = {
    kind: 'reading',
    hubId,
    reading,
    place,
    index,
    receivedAt,
    madeAt,
    live: reading.ageMs < LIVE_WITHIN_MS,
    news: newsOf(device, reading.kind, reading.value, madeAt),
    position,
    event,
  };
  ask(rules.byKind.get(reading.kind) ?? [], input, household, out);
  return input;
}
