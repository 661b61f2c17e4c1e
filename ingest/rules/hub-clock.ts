import { readingKind } from '../../domain/reading.ts';
import { hours, minutes } from '../../domain/time.ts';
import { type Conclusion, type Home, type Input, type Outcome, type Relief, type Rule, without } from '../rule.ts';
import { audible } from '../seen.ts';
import { duration } from '../words.ts';

/** A hub whose every word has been too old, or without a believable time: since when, how often it spoke, and whether that was said. */
type WrongHub = { readonly sinceAt: number; readonly times: number; readonly lastAt: number; readonly raised: boolean };
type Wrong = Readonly<Record<string, WrongHub>>;

const WRONG_FOR_MS = hours(1);
/** A quiet hub that was cut off twice with nothing to say in between has spoken twice, each time late by its backlog: that is no clock. */
const TIMES = 3;
/** Words that come closer together are one time: a backlog comes all at once. */
const APART_MS = minutes(5);

function finding(hubId: string, wrong: WrongHub, home: Home): Conclusion {
  const forMs = home.now - wrong.sinceAt;
  const since = duration(forMs);
  const late = home.seen.hubs[hubId]?.late;
  return {
    category: 'hub_clock',
    about: { hubId, device: '' },
    occurrenceKey: `hub_clock:${hubId}:${wrong.sinceAt}`,
    at: home.now,
    delayMs: 0,
    sentence: {
      zh: `网关时钟可能不准：${since.zh}以来收到的消息都标着过去或不可信的时间；紧急报警不受影响，其他判断以收到的时间为准，或者暂停。`,
      en: `The hub's clock may be wrong: for ${since.en} all it sent bore a past or unbelievable time. Emergencies still come through; other rules go by the time of arrival, or have nothing to go by.`,
    },
    evidence: { readings: [], numbers: { wrongForMs: forMs, times: wrong.times, ...(late && { ageMs: late.ageMs }) } },
  };
}

const relief = (hubId: string, home: Home): Relief => ({
  category: 'hub_clock',
  about: { hubId, device: '' },
  at: home.now,
  sentence: { zh: '网关时间恢复正常。', en: "The hub's clock is right again." },
});

function step(wrong: Wrong, input: Input, home: Home): Outcome<Wrong> | null {
  if (input.kind !== 'reading') return null;
  const { hubId, reading } = input;
  const known = wrong[hubId];
  if (input.live && reading.clock !== 'implausible') {
    if (!known) return null;
    return { state: without(wrong, hubId), ...(known.raised && { recoveries: [relief(hubId, home)] }) };
  }
  if (known?.raised || (known && home.now - known.lastAt < APART_MS)) return null;
  const next = { sinceAt: known?.sinceAt ?? home.now, times: (known?.times ?? 0) + 1, lastAt: home.now, raised: false };
  const conclude = next.times >= TIMES && home.now - next.sinceAt >= WRONG_FOR_MS && audible(home, hubId);
  return {
    state: { ...wrong, [hubId]: { ...next, raised: conclude } },
    ...(conclude && { findings: [finding(hubId, next, home)] }),
  };
}

/**
 * A connected hub all of whose words over an hour were older than 15 minutes or without a believable time. What is concluded
 * from them is less sure than it should be, so that somebody must know.
 */
export const hubClock: Rule<Wrong> = { name: 'hub_clock', initial: {}, hears: readingKind.options, step };
