import type { VitalLimits } from '../../domain/household.ts';
import { vitalLimits } from '../../domain/household.ts';
import type { ReadingKind } from '../../domain/reading.ts';
import { hours, minutes } from '../../domain/time.ts';
import {
  type Conclusion,
  type Home,
  type Input,
  type Outcome,
  occurrenceOf,
  type ReadingInput,
  type Rule,
} from '../rule.ts';
import { deviceName, lateness, vitalNames } from '../words.ts';

type Vital = keyof VitalLimits;

/**
 * What can be a person at all: beyond it a cuff has slipped, a finger is not in the clip (0), or a thermometer lies on the table. These
 * are the ranges within which limits may be set (domain/household.ts), wider than any device for homes must measure: such values are
 * kept in the series, and nothing is concluded from them.
 */
export const plausible: { readonly [V in Vital]: readonly [low: number, high: number] } = {
  systolic: [50, 260],
  diastolic: [30, 160],
  heart_rate: [25, 220],
  spo2: [50, 100],
  body_temperature: [30, 43],
};

const AGAIN_AFTER_MS = hours(1);
/** Clearly worse than what was said, as a share of the way from the limit to the end of the plausible: told at once, however recently. */
const CLEARLY_WORSE = 0.2;
/** Both pressures of one measurement. */
const ONE_MEASUREMENT_MS = minutes(1);

type Vitals = {
  /** Vitals that have been outside: when and how far that was last said, and whether they still are. */
  readonly outside: {
    readonly [V in Vital]?: { readonly raisedAt: number; readonly by: number; readonly still: boolean };
  };
  /** The last blood pressures, since each is plausible only beside the other. */
  readonly systolic?: readonly [value: number, at: number];
  readonly diastolic?: readonly [value: number, at: number];
};

const defaults: VitalLimits = vitalLimits.parse({});

/**
 * Nothing tells whose value it is when two live together: the widest of their limits then, so that what is usual for one of them does
 * not call somebody every day. Who needs narrower ones has a device of their own in a household of their own.
 */
function limitsOf(vital: Vital, home: Home): readonly [number, number] {
  const all = home.household.residents.map((resident) => resident.limits[vital]);
  if (all.length === 0) return defaults[vital];
  return [Math.min(...all.map(([low]) => low)), Math.max(...all.map(([, high]) => high))];
}

function believable(vitals: Vitals, vital: Vital, value: number, at: number): boolean {
  const [low, high] = plausible[vital];
  if (value < low || value > high) return false;
  const other = vital === 'systolic' ? vitals.diastolic : vital === 'diastolic' ? vitals.systolic : undefined;
  if (!other || Math.abs(other[1] - at) > ONE_MEASUREMENT_MS) return true;
  return vital === 'systolic' ? value > other[0] : value < other[0];
}

function finding(
  input: ReadingInput,
  vital: Vital,
  value: number,
  limits: readonly [number, number],
  home: Home,
): Conclusion {
  const { device, kind, ageMs } = input.reading;
  const [low, high] = limits;
  const word = vitalNames[vital] ?? { zh: vital, en: vital, unit: '' };
  const above = value > high;
  const by = deviceName(home, input.hubId, device);
  const late = lateness(ageMs);
  return {
    category: 'vitals',
    about: { hubId: input.hubId, device },
    occurrenceKey: occurrenceOf(input, input.hubId, input.index),
    at: input.madeAt,
    delayMs: ageMs,
    sentence: {
      zh: `${word.zh} ${value} ${word.unit}，${above ? `高于上限 ${high}` : `低于下限 ${low}`}（${by.zh}）${late.zh}。`,
      en: `The ${word.en} is ${value} ${word.unit}, ${above ? `above the limit of ${high}` : `below the limit of ${low}`} (${by.en})${late.en}.`,
    },
    evidence: { readings: [{ device, kind, value, at: input.madeAt }], numbers: above ? { high } : { low } },
  };
}

const isVital = (kind: ReadingKind): kind is Vital => Object.hasOwn(plausible, kind);

function step(vitals: Vitals, input: Input, home: Home): Outcome<Vitals> | null {
  if (input.kind !== 'reading' || !input.live) return null;
  const { kind, value } = input.reading;
  if (!isVital(kind) || typeof value !== 'number' || !believable(vitals, kind, value, input.madeAt)) return null;
  const pressure = kind === 'systolic' || kind === 'diastolic';
  const next = pressure ? { ...vitals, [kind]: [value, input.madeAt] as const } : vitals;
  const [low, high] = limitsOf(kind, home);
  const known = vitals.outside[kind];
  const [least, most] = plausible[kind];
  const by = value > high ? (value - high) / (most - high) : value < low ? (low - value) / (low - least) : 0;
  const set = (now: NonNullable<typeof known>): Vitals => ({ ...next, outside: { ...next.outside, [kind]: now } });

  if (by > 0) {
    const due = !known || home.now - known.raisedAt >= AGAIN_AFTER_MS || by - known.by >= CLEARLY_WORSE;
    if (due) {
      return {
        state: set({ raisedAt: home.now, by, still: true }),
        findings: [finding(input, kind, value, [low, high], home)],
      };
    }
    return known.still ? { state: next } : { state: set({ ...known, still: true }) };
  }
  if (!known?.still) return pressure ? { state: next } : null;
  const state = set({ ...known, still: false });
  if (Object.values(state.outside).some((it) => it.still)) return { state };
  const name = vitalNames[kind];
  const sentence = {
    zh: `${name?.zh} ${value} ${name?.unit}，已回到正常范围（${low}–${high}）。`,
    en: `The ${name?.en} is ${value} ${name?.unit}, back within its limits (${low}–${high}).`,
  };
  const about = { hubId: input.hubId, device: input.reading.device };
  return { state, recoveries: [{ category: 'vitals', about, at: input.madeAt, sentence }] };
}

/**
 * Blood pressure, pulse, oxygen or temperature outside the resident's limits. One alert a household collects them; a value that stays
 * outside is said again after an hour, or at once when it has become clearly worse.
 */
export const vitals: Rule<Vitals> = {
  name: 'vitals',
  initial: { outside: {} },
  hears: ['systolic', 'diastolic', 'heart_rate', 'spo2', 'body_temperature'],
  step,
};
