import { readingKind } from '../../domain/reading.ts';
import { hours } from '../../domain/time.ts';
import { type Conclusion, type Home, type Input, type Outcome, type Relief, type Rule, without } from '../rule.ts';
import { audible } from '../seen.ts';
import { duration } from '../words.ts';

/** Hubs whose every word has been too old, or without a believable time: since when, how many words, and whether that was said. */
type Wrong = Readonly<Record<string, { readonly sinceAt: number; readonly words: number; readonly raised: boolean }>>;

const WRONG_FOR_MS = hours(1);
/** Two late messages of a quiet hub are a backlog, not a clock. */
const WORDS = 3;

function finding(hubId: string, wrong: Wrong[string], home: Home): Conclusion {
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
    evidence: { readings: [], numbers: { wrongForMs: forMs, words: wrong.words, ...(late && { ageMs: late.ageMs }) } },
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
  if (known?.raised) return null;
  const next = { sinceAt: known?.sinceAt ?? home.now, words: (known?.words ?? 0) + 1, raised: false };
  const conclude = next.words >= WORDS && home.now - next.sinceAt >= WRONG_FOR_MS && audible(home, hubId);
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
