import type { Sentence } from '../../domain/finding.ts';
import type { ReadingKind } from '../../domain/reading.ts';
import { hours, minutes, seconds } from '../../domain/time.ts';
import { type Home, type Input, NEVER_AT, type Outcome, type ReadingInput, type Relief, type Rule } from '../rule.ts';
import { audible, hubOverdueAt } from '../seen.ts';
import { isExit } from '../watched.ts';
import { clockTime, duration, whereOf } from '../words.ts';
import { limitReachedAt, shareOfLimit } from './day-and-night.ts';

/**
 * Leaving or fallen at the door? Doors say only that they move. What we take for leaving: somebody was inside, an outer door opened and
 * closed again, and nothing moved inside since. Not for leaving: a door that stays open (nobody leaves it so; they may lie in it), and
 * a door that opens and closes when everybody was out (somebody came in, and is expected to move). Since a visitor's going looks like
 * the resident's, "left" only lengthens the limit, to a day.
 */
type Door = 'inside' | 'opened' | 'left' | 'entering';

type Quiet = {
  /** The last sign that somebody moved, and where. */
  readonly movedAt: number;
  readonly place: string;
  /** The hubs whose devices show movement; quiet counts only while all of them are heard, or are given up. */
  readonly hubs: readonly string[];
  readonly door: Door;
  readonly doorAt: number;
  /** Quiet that has been counted up to `countingAt`: as a share of the limit, and in ms. */
  readonly share: number;
  readonly countedMs: number;
  /** Since when it counts again; 0 while it does not. */
  readonly countingAt: number;
  readonly raised: boolean;
  /** When it was said last that quiet does not count. */
  readonly blindSaidAt?: number;
};

const LEFT_LIMIT_MS = hours(24);
/** When everybody was out and the home could not be heard for a while: so long for somebody who came back meanwhile to move. */
const AFTER_BLINDNESS_MS = hours(1);
/**
 * So long a lost hub is waited for. Then the home is judged by what is left, if that has shown since that somebody moves; if it has not
 * (most of what shows movement may have hung on the lost hub), quiet would be a false alarm, and somebody is told each time so much
 * has gone by that nobody watches.
 */
const WAITED_FOR_MS = hours(24);
/** What moved just before a door fell shut may be reported just after. */
const REPORTING_LAG_MS = seconds(5);

/** What shows movement by itself: a home with none of these says nothing by being quiet. */
const MOVEMENT: readonly ReadingKind[] = ['motion', 'presence', 'vibration'];
/** A person did this; what a wearable or a bed measures by itself says nothing about moving. */
const DEEDS: readonly ReadingKind[] = ['open', 'systolic', 'diastolic', 'weight', 'body_temperature'];

const nobody: Quiet = {
  movedAt: 0,
  place: '',
  hubs: [],
  door: 'inside',
  doorAt: 0,
  share: 0,
  countedMs: 0,
  countingAt: 0,
  raised: false,
};

/** Since when nothing has been heard of a hub, though somebody could have heard it. */
function silentSince(hubId: string, home: Home): number {
  const hub = home.seen.hubs[hubId];
  return Math.max(hub?.heardAt ?? 0, hub?.linkAt ?? 0, home.longBlindUntilAt);
}

/** When a silent hub has been waited for. Not before it is lost: a restart of ours leaves even those unheard for a moment that were connected. */
function waitedForUntil(hubId: string, home: Home): number {
  const hub = home.seen.hubs[hubId];
  const power = home.household.hub.get(hubId)?.power;
  if (!hub || !power) return NEVER_AT;
  return Math.max(silentSince(hubId, home) + WAITED_FOR_MS, hubOverdueAt(hub, power, home));
}

type Movement = Pick<Quiet, 'hubs' | 'movedAt'>;

/** The hub because of which quiet says nothing, as it cannot be heard; null when there is none. */
function missing({ hubs, movedAt }: Movement, home: Home): string | null {
  const unheard = hubs.filter((hubId) => !audible(home, hubId));
  if (unheard.length === hubs.length) return unheard[0] ?? null;
  const isGivenUp = (hubId: string): boolean =>
    waitedForUntil(hubId, home) <= home.now && movedAt > silentSince(hubId, home);
  return unheard.find((hubId) => !isGivenUp(hubId)) ?? null;
}

const counts = (movement: Movement, home: Home): boolean =>
  home.household.mode !== 'paused' && missing(movement, home) === null;

/** Counts up to now, leaving out what nobody could have heard; goes on counting if the home can be heard. */
function counted(quiet: Quiet, home: Home): Quiet {
  if (home.household.mode === 'paused') return { ...quiet, share: 0, countedMs: 0, countingAt: 0 };
  const countingAt = counts(quiet, home) ? Math.max(home.now, home.blind.toAt) : 0;
  if (quiet.countingAt === 0) return { ...quiet, countingAt };
  const { fromAt, toAt } = home.blind;
  const broken = quiet.countingAt < toAt;
  const untilAt = broken ? Math.min(home.now, Math.max(fromAt, quiet.countingAt)) : home.now;
  const resumedAt = broken ? Math.min(toAt, home.now) : home.now;
  const { settings } = home.household;
  return {
    ...quiet,
    share:
      quiet.share + shareOfLimit(quiet.countingAt, untilAt, settings) + shareOfLimit(resumedAt, home.now, settings),
    countedMs: quiet.countedMs + Math.max(0, untilAt - quiet.countingAt) + (home.now - resumedAt),
    countingAt,
  };
}

/** Nothing has come between since it was counted last. */
const unbroken = (quiet: Quiet, home: Home): boolean =>
  quiet.countingAt >= Math.max(home.blind.toAt, 1) && counts(quiet, home);

function doorSentence(quiet: Quiet, home: Home): Sentence {
  const at = clockTime(quiet.doorAt, home);
  switch (quiet.door) {
    case 'left':
      return {
        zh: `${at} 大门开过又关上，可能外出未归。`,
        en: `The door opened and closed at ${at}: not come home, perhaps.`,
      };
    case 'opened':
      return { zh: `大门 ${at} 打开后一直没有关。`, en: `The door has stood open since ${at}.` };
    case 'entering':
      return {
        zh: `${at} 有人开门进来，之后没有动静。`,
        en: `Somebody came in at ${at}, and nothing has moved since.`,
      };
    case 'inside':
      if (quiet.doorAt >= quiet.movedAt && quiet.doorAt > 0) {
        return { zh: `大门 ${at} 开关过，之后没有动静。`, en: `The door moved at ${at}, and nothing since.` };
      }
      return hasExit(home) ? { zh: '大门没有开过。', en: 'The door has not been opened.' } : { zh: '', en: '' };
    default:
      return quiet.door satisfies never;
  }
}

const hasExit = (home: Home): boolean =>
  Object.entries(home.seen.devices).some(([place, device]) => device.says.open && isExit(home.household, place));

function tooQuiet(quiet: Quiet, deadlineAt: number, home: Home): Outcome<Quiet> {
  const { inactivityDayMinutes, inactivityNightMinutes } = home.household.settings;
  const [dayMs, nightMs] = [minutes(inactivityDayMinutes), minutes(inactivityNightMinutes)];
  const quietMs = deadlineAt - quiet.movedAt;
  const [quietFor, day, night] = [duration(quietMs), duration(dayMs), duration(nightMs)];
  const where = whereOf(home, quiet.place);
  const since = clockTime(quiet.movedAt, home);
  const door = doorSentence(quiet, home);
  const slash = quiet.place.indexOf('/');
  return {
    state: { ...quiet, raised: true },
    wakeAt: NEVER_AT,
    findings: [
      {
        category: 'inactivity',
        about: { hubId: quiet.place.slice(0, slash), device: quiet.place.slice(slash + 1) },
        occurrenceKey: `inactivity:${quiet.place}:${deadlineAt}`,
        at: deadlineAt,
        delayMs: 0,
        sentence: {
          zh: `家里已 ${quietFor.zh}没有活动（上限：白天 ${day.zh}，夜间 ${night.zh}），最后一次是 ${since} 在${where}；${door.zh}`,
          en: `No movement at home for ${quietFor.en} (limits: ${day.en} by day, ${night.en} at night); the last was at ${since}, ${where}. ${door.en}`,
        },
        evidence: {
          readings: [],
          numbers: {
            quietMs,
            countedMs: quiet.countedMs + deadlineAt - quiet.countingAt,
            dayLimitMs: dayMs,
            nightLimitMs: nightMs,
            lastMovementAt: quiet.movedAt,
            ...(quiet.doorAt > 0 && { doorAt: quiet.doorAt }),
          },
        },
      },
    ],
  };
}

/** Quiet does not count: when that has gone on for too long, and each time as long again, whoever minds the hub is told what it means. */
function blind(quiet: Quiet, home: Home): Outcome<Quiet> {
  const hubId = home.household.mode === 'paused' ? null : missing(quiet, home);
  if (hubId === null) return { state: quiet };
  const dueAt = Math.max(waitedForUntil(hubId, home), (quiet.blindSaidAt ?? 0) + WAITED_FOR_MS);
  if (dueAt > home.now) return { state: quiet, wakeAt: dueAt };
  const silenceMs = home.now - silentSince(hubId, home);
  const silence = duration(silenceMs);
  return {
    state: { ...quiet, blindSaidAt: home.now },
    wakeAt: home.now + WAITED_FOR_MS,
    findings: [
      {
        category: 'hub_lost',
        about: { hubId, device: '' },
        occurrenceKey: `unwatched:${hubId}:${dueAt}`,
        at: home.now,
        delayMs: 0,
        sentence: {
          zh: `网关失去联系已 ${silence.zh}：家里有没有人活动无从得知，长时间无活动不会报警。请修复网关；暂时无人居住的，请设为暂停看护。`,
          en: `The hub has been out of reach for ${silence.en}: whether anybody moves at home is not known, and no inactivity is noticed. Repair it, or pause the home if nobody lives there.`,
        },
        evidence: { readings: [], numbers: { silenceMs, lastMovementAt: quiet.movedAt } },
      },
    ],
  };
}

function tick(before: Quiet, home: Home): Outcome<Quiet> | null {
  if (before.movedAt === 0) return null;
  const quiet = unbroken(before, home) ? before : counted(before, home);
  if (quiet.countingAt === 0) return blind(quiet, home);
  if (quiet.raised) return { state: quiet };
  const deadlineAt =
    quiet.door === 'left'
      ? Math.max(quiet.doorAt + LEFT_LIMIT_MS, quiet.countingAt + AFTER_BLINDNESS_MS)
      : limitReachedAt(quiet.share, quiet.countingAt, home.household.settings);
  return deadlineAt > home.now ? { state: quiet, wakeAt: deadlineAt } : tooQuiet(quiet, deadlineAt, home);
}

/** The door as far as it tells of coming and going. */
function doorAfter(quiet: Quiet, opens: boolean): Door {
  switch (quiet.door) {
    case 'inside':
      return opens ? 'opened' : 'inside';
    case 'opened':
      return opens ? 'opened' : 'left';
    case 'left':
      return opens ? 'entering' : 'left';
    case 'entering':
      return opens ? 'entering' : 'inside';
    default:
      return quiet.door satisfies never;
  }
}

function movingAgain({ hubId, reading, madeAt }: ReadingInput, home: Home): Relief {
  const at = clockTime(madeAt, home);
  return {
    category: 'inactivity',
    about: { hubId, device: reading.device },
    at: madeAt,
    sentence: { zh: `家里又有活动了（${at}）。`, en: `Somebody is moving again (${at}).` },
  };
}

/** Somebody moved at `madeAt`: quiet begins anew. */
function moved(quiet: Quiet, input: ReadingInput, home: Home, door: Partial<Quiet>): Outcome<Quiet> {
  const { hubId, madeAt, live, place, reading } = input;
  const shown = MOVEMENT.includes(reading.kind) && !quiet.hubs.includes(hubId);
  const hubs = shown ? [...quiet.hubs, hubId] : quiet.hubs;
  const countingAt = quiet.countingAt === 0 && !live ? home.now : Math.max(quiet.countingAt, madeAt);
  const { inactivityDayMinutes, inactivityNightMinutes } = home.household.settings;
  return {
    state: {
      ...quiet,
      hubs,
      movedAt: madeAt,
      place,
      door: 'inside',
      share: 0,
      countedMs: 0,
      countingAt: counts({ hubs, movedAt: madeAt }, home) ? Math.max(countingAt, home.blind.toAt) : 0,
      raised: false,
      ...door,
    },
    wakeAt: home.now + minutes(Math.min(inactivityDayMinutes, inactivityNightMinutes)),
    ...(quiet.raised && { recoveries: [movingAgain(input, home)] }),
  };
}

/** All that its hub says is old, not for the first time: its clock may be wrong, and this may have happened just now. */
const isClockInDoubt = ({ hubId, live }: ReadingInput, home: Home): boolean =>
  !live && (home.seen.hubs[hubId]?.late?.sinceAt ?? home.now) < home.now;

const recounted = (quiet: Quiet, home: Home): Quiet => ({
  ...quiet,
  share: 0,
  countedMs: 0,
  countingAt: counts(quiet, home) ? Math.max(home.now, home.blind.toAt) : 0,
});

/**
 * An old reading raises nothing and settles nothing about doors, but it may tell that somebody moved later than we thought: to count
 * quiet from before it would be a false alarm.
 */
function heard(quiet: Quiet, input: ReadingInput, home: Home): Outcome<Quiet> | null {
  const { kind, value } = input.reading;
  const { madeAt } = input;
  if (quiet.movedAt === 0 && !MOVEMENT.includes(kind)) return null;
  if (kind !== 'open') {
    if (value === false) return null;
    if (madeAt <= quiet.movedAt) return isClockInDoubt(input, home) ? { state: recounted(quiet, home) } : null;
    const stillOut = quiet.door === 'left' && madeAt <= quiet.doorAt + REPORTING_LAG_MS;
    return stillOut ? null : moved(quiet, input, home, {});
  }
  if (input.news !== 'changed' || !input.live || madeAt < quiet.doorAt) return null;
  if (!isExit(home.household, input.place)) return moved(quiet, input, home, {});
  return moved(quiet, input, home, { door: doorAfter(quiet, value === true), doorAt: madeAt });
}

function step(quiet: Quiet, input: Input, home: Home): Outcome<Quiet> | null {
  switch (input.kind) {
    case 'reading':
      return heard(quiet, input, home);
    case 'link':
    case 'tick':
      return tick(quiet, home);
    case 'unreadable':
      return null;
    default:
      return input satisfies never;
  }
}

/**
 * Nothing has moved for too long while nobody left, counted over time in which the home could be heard; each hour by the limit of its
 * time of day. Only for homes whose devices have shown movement; not while nobody lives there.
 */
export const inactivity: Rule<Quiet> = { name: 'inactivity', initial: nobody, hears: [...MOVEMENT, ...DEEDS], step };
