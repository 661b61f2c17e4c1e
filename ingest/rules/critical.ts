import { categoryOfCritical } from '../../domain/category.ts';
import type { Sentence } from '../../domain/finding.ts';
import type { Decoded } from '../../domain/packet.ts';
import { factsOf, type Reading, type ReadingKind, readingKind } from '../../domain/reading.ts';
import { hours } from '../../domain/time.ts';
import {
  type Conclusion,
  type Input,
  isFollowed,
  type Origin,
  type Outcome,
  occurrenceOf,
  type Rule,
} from '../rule.ts';
import { deviceName, lateness } from '../words.ts';

/**
 * An alarm by its words in the order in which they were made: its state by the newest of them, when that one was made, when it last
 * said yes, and the last time that it was on (`to` is null while it is).
 */
type Course = {
  readonly active: boolean;
  readonly at: number;
  readonly saidAt: number;
  readonly fromAt: number;
  readonly toAt: number | null;
};

/**
 * What is known of an alarm. What bears an older time than its newest word is followed beside it: such words come late, or from a
 * clock that was set back, and then each fire of the following days or years is to count as well.
 */
export type AlarmKnown = Course & { readonly late: Course | null };

/**
 * An alarm that is on says so again and again (every half hour and oftener). One that has kept silent for this long and then says yes
 * may be a new fire whose "no" in between was lost by radio.
 */
const FORGOTTEN_AFTER_MS = hours(2);

const within = (known: Course, at: number): boolean => at >= known.fromAt && (known.toAt === null || at < known.toAt);

type Heard<T> = { readonly known: T; readonly counts: boolean };

/** The next word on a course. One that is older than its newest changes no state; a yes about a time that is not known as one alarm counts. */
function follow(known: Course | null, yes: boolean, at: number): Heard<Course> {
  if (!known)
    return {
      known: { active: yes, at, saidAt: yes ? at : 0, fromAt: yes ? at : 0, toAt: yes ? null : 0 },
      counts: yes,
    };
  if (at < known.at) {
    if (!yes || known.active || within(known, at)) return { known, counts: false };
    return { known: { ...known, fromAt: at, toAt: known.at, saidAt: Math.max(known.saidAt, at) }, counts: true };
  }
  if (!yes) return { known: { ...known, active: false, at, toAt: known.active ? at : known.toAt }, counts: false };
  const goesOn = known.active && at - known.saidAt < FORGOTTEN_AFTER_MS;
  return {
    known: { active: true, at, saidAt: at, fromAt: goesOn ? known.fromAt : at, toAt: null },
    counts: !goesOn,
  };
}

/** One word of an alarm. It counts when it changes what is known, on the course that it belongs to; however late. */
export function hearAlarm(known: AlarmKnown | undefined, yes: boolean, at: number): Heard<AlarmKnown> {
  if (!known || at >= known.at) {
    const { known: course, counts } = follow(known ?? null, yes, at);
    return { known: { ...course, late: known?.late ?? null }, counts };
  }
  const late = follow(known.late, yes, at);
  const isKnown = known.late === null && (known.active || within(known, at));
  return { known: { ...known, late: late.known }, counts: late.counts && !isKnown };
}

const kinds: ReadonlySet<ReadingKind> = new Set(readingKind.options.filter((kind) => factsOf(kind).critical));
export const isCritical = ({ kind }: Reading): boolean => kinds.has(kind);

/** It holds something life-critical, be it that all is well, or may hold it. */
export const speaksOfLife = ({ readings, unreadable }: Decoded): boolean =>
  unreadable?.emergency === true || readings.some(isCritical);

const said: Partial<Record<ReadingKind, (name: Sentence) => Sentence>> = {
  sos: ({ zh, en }) => ({ zh: `${zh}：有人按下了紧急呼叫。`, en: `Somebody pressed for help: ${en}.` }),
  fall: ({ zh, en }) => ({ zh: `${zh}：可能有人跌倒。`, en: `Somebody may have fallen: ${en}.` }),
  smoke: ({ zh, en }) => ({ zh: `${zh}：检测到烟雾。`, en: `Smoke: ${en}.` }),
  gas: ({ zh, en }) => ({ zh: `${zh}：检测到燃气泄漏。`, en: `Gas is leaking: ${en}.` }),
  carbon_monoxide: ({ zh, en }) => ({ zh: `${zh}：检测到一氧化碳。`, en: `Carbon monoxide: ${en}.` }),
  water_leak: ({ zh, en }) => ({ zh: `${zh}：检测到漏水。`, en: `Water is leaking: ${en}.` }),
};

/** What is to be known of the time, where it is not simply now. */
const timeliness = ({ ageMs, clock }: Reading): Sentence =>
  clock === 'implausible'
    ? {
        zh: '（网关时钟不可信，发生时间不明，以收到为准）',
        en: " (the hub's clock cannot be believed: when it happened is not known, only when it came)",
      }
    : lateness(ageMs);

/** The finding from a life-critical reading; the same on arrival and in the processor, down to its occurrence key. */
export function criticalFinding(
  origin: Origin,
  hubId: string,
  reading: Reading,
  index: number,
  receivedAt: number,
  name: Sentence,
): Conclusion {
  const { device, kind, value, ageMs } = reading;
  const at = receivedAt - ageMs;
  const sentence = said[kind]?.(name) ?? name;
  const late = timeliness(reading);
  return {
    category: categoryOfCritical(kind),
    about: { hubId, device },
    occurrenceKey: occurrenceOf(origin, hubId, index),
    at,
    delayMs: ageMs,
    sentence: { zh: sentence.zh + late.zh, en: sentence.en + late.en },
    evidence: { readings: [{ device, kind, value, at }], numbers: { delayMs: ageMs } },
  };
}

/** The finding from a message on an emergency topic that could not be read: it may have been the emergency. */
export function unreadableFinding(origin: Origin, hubId: string, topic: string, receivedAt: number): Conclusion {
  return {
    category: 'unreadable',
    about: { hubId, device: '' },
    occurrenceKey: occurrenceOf(origin, hubId, 0),
    at: receivedAt,
    delayMs: 0,
    sentence: {
      zh: `网关在紧急通道（${topic.slice(0, 100)}）发来一条读不懂的消息，可能是求助，请核实。`,
      en: `The hub sent a message on its emergency channel (${topic.slice(0, 100)}) that cannot be read; it may be a call for help.`,
    },
    evidence: { readings: [], numbers: {} },
  };
}

type Alarms = Readonly<Record<string, AlarmKnown>>;

function step(alarms: Alarms, input: Input, home: Parameters<Rule<Alarms>['step']>[2]): Outcome<Alarms> | null {
  if (input.kind === 'unreadable') {
    return { state: alarms, findings: [unreadableFinding(input, input.hubId, input.topic, input.receivedAt)] };
  }
  if (input.kind !== 'reading') return null;
  const { hubId, reading, place, index, receivedAt, madeAt } = input;
  const finding = () =>
    criticalFinding(input, hubId, reading, index, receivedAt, deviceName(home, hubId, reading.device));
  if (factsOf(reading.kind).shape === 'momentary') {
    return reading.value === true ? { state: alarms, findings: [finding()] } : null;
  }
  const key = `${place} ${reading.kind}`;
  const { known, counts } = hearAlarm(alarms[key], reading.value === true, madeAt);
  // A hub that invents devices without end is not followed beyond a bound: each alarm of the excess counts by itself.
  const state = isFollowed(input, home) ? { ...alarms, [key]: known } : alarms;
  return { state, ...(counts && { findings: [finding()] }) };
}

/** SOS, fall, smoke, gas, carbon monoxide, water: raised by the intake already; here again, to the same key. */
export const critical: Rule<Alarms> = {
  name: 'critical',
  initial: {},
  hears: [...kinds],
  step,
};
