import {
  type Conclusion,
  type Home,
  type Input,
  isFollowed,
  type Outcome,
  occurrenceOf,
  type ReadingInput,
  type Rule,
  without,
} from '../rule.ts';
import { deviceName } from '../words.ts';

/** By which of its two words a device's battery is low: its percentage, or its own warning. */
type Low = Readonly<Record<string, { readonly percent: boolean; readonly warned: boolean }>>;

/** A battery recovers by being changed; a reading a few percent higher is the temperature of the room. */
const CLEARLY_ABOVE = 10;

function judged(before: Low[string], input: ReadingInput, limit: number): Low[string] {
  const { kind, value } = input.reading;
  if (kind === 'battery_low') return input.news === 'older' ? before : { ...before, warned: value === true };
  if (typeof value !== 'number' || value < 0 || value > 100) return before;
  if (value < limit) return { ...before, percent: true };
  return value >= Math.min(limit + CLEARLY_ABOVE, 100) ? { ...before, percent: false } : before;
}

function finding(input: ReadingInput, limit: number, home: Home): Conclusion {
  const { device, kind, value } = input.reading;
  const name = deviceName(home, input.hubId, device);
  const level = typeof value === 'number' ? Math.round(value) : null;
  return {
    category: 'battery_low',
    about: { hubId: input.hubId, device },
    occurrenceKey: occurrenceOf(input, input.hubId, input.index),
    at: input.madeAt,
    delayMs: input.reading.ageMs,
    sentence: {
      zh:
        level === null
          ? `${name.zh}提示电量低，请更换电池。`
          : `${name.zh}电量只剩 ${level}%（下限 ${limit}%），请更换电池。`,
      en:
        level === null
          ? `${name.en} says that its battery is low: change it.`
          : `The battery of ${name.en} is at ${level} % (limit ${limit} %): change it.`,
    },
    evidence: {
      readings: [{ device, kind, value, at: input.madeAt }],
      numbers: { limitPercent: limit, ...(level !== null && { percent: level }) },
    },
  };
}

const fine = { percent: false, warned: false } as const;
const isLow = ({ percent, warned }: Low[string]): boolean => percent || warned;

function step(low: Low, input: Input, home: Home): Outcome<Low> | null {
  if (input.kind !== 'reading' || !input.live || !isFollowed(input, home)) return null;
  const { place } = input;
  const { device } = input.reading;
  const limit = home.household.settings.batteryLowPercent;
  const before = low[place] ?? fine;
  const after = judged(before, input, limit);
  if (after === before || (isLow(before) && after.percent === before.percent && after.warned === before.warned))
    return null;
  if (!isLow(before))
    return isLow(after) ? { state: { ...low, [place]: after }, findings: [finding(input, limit, home)] } : null;
  if (isLow(after)) return { state: { ...low, [place]: after } };
  const name = deviceName(home, input.hubId, device);
  return {
    state: without(low, place),
    recoveries: [
      {
        category: 'battery_low',
        about: { hubId: input.hubId, device },
        at: input.madeAt,
        sentence: { zh: `${name.zh}电量恢复正常。`, en: `The battery of ${name.en} is fine again.` },
      },
    ],
  };
}

/** A battery below the household's limit, or its device's own warning; over when both are, and clearly so. */
export const batteryLow: Rule<Low> = { name: 'battery_low', initial: {}, hears: ['battery', 'battery_low'], step };
