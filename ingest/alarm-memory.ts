import { factsOf, type Reading } from '../domain/reading.ts';
import { hours } from '../domain/time.ts';
import type { AlarmState } from '../store/alarm-state.ts';
import { placeOf } from './rule.ts';
import { type AlarmKnown, hearAlarm } from './rules/critical.ts';

export type AlarmMemory = {
  /** Whether a critical reading counts; the state that it changes is added to `changed`. */
  readonly counts: (hubId: string, reading: Reading, receivedAt: number, changed: AlarmState[]) => boolean;
  /** What alarms have said to another front end meanwhile; what was heard here later than that stands. */
  readonly learn: (known: readonly AlarmState[]) => void;
};

/** Alarms remembered at most; the longest silent is forgotten, and its next "yes" counts as new. */
const ALARMS = 500_000;

/**
 * An alarm that is on is kept anew in each hour in which it says so: by the last word that was kept a restart judges whether the next one
 * goes on with it, or is a new fire.
 */
const hourOf = (at: number): number => Math.floor(at / hours(1));

/** Puts an entry last in a table, from which the first one goes when there are too many. */
export function remember<T>(table: Map<string, T>, key: string, value: T, most: number): void {
  table.delete(key);
  table.set(key, value);
  if (table.size <= most) return;
  const oldest = table.keys().next().value;
  if (oldest !== undefined) table.delete(oldest);
}

const knownFrom = ({ active, at }: AlarmState): AlarmKnown => ({
  active,
  at,
  saidAt: active ? at : 0,
  fromAt: active ? at : 0,
  toAt: active ? null : 0,
  late: null,
});

/** What the alarms of all homes have said last, for the judgement on arrival. */
export function alarmMemory(known: readonly AlarmState[]): AlarmMemory {
  const alarms = new Map<string, AlarmKnown>();

  function counts(
    hubId: string,
    { device, kind, value, ageMs }: Reading,
    receivedAt: number,
    changed: AlarmState[],
  ): boolean {
    if (factsOf(kind).shape === 'momentary') return value === true;
    const key = `${placeOf(hubId, device)} ${kind}`;
    const before = alarms.get(key);
    const after = hearAlarm(before, value === true, receivedAt - ageMs);
    remember(alarms, key, after.known, ALARMS);
    const { active, at } = after.known;
    const goesOn = active && before !== undefined && hourOf(before.at) !== hourOf(at);
    // A first "no" tells nothing that is not taken for granted.
    const isNews = (before?.active ?? false) !== active;
    if (isNews || after.counts || goesOn) changed.push({ hubId, device, kind, active, at });
    return after.counts;
  }

  function learn(states: readonly AlarmState[]): void {
    for (const state of states) {
      const key = `${placeOf(state.hubId, state.device)} ${state.kind}`;
      const before = alarms.get(key);
      if (!before || before.at < state.at) remember(alarms, key, knownFrom(state), ALARMS);
    }
  }

  learn(known);
  return { counts, learn };
}
