import { minutes } from '../../domain/time.ts';
import {
  type Conclusion,
  type Home,
  type Input,
  isFollowed,
  NEVER_AT,
  type Outcome,
  placeOf,
  type Rule,
  without,
} from '../rule.ts';
import { audible } from '../seen.ts';
import { isExit } from '../watched.ts';
import { clockTime, deviceName, duration } from '../words.ts';
import { nightAround } from './day-and-night.ts';

/** The doors that stand open: since when, and the deadline at which that was said. */
type Open = Readonly<
  Record<
    string,
    { readonly hubId: string; readonly device: string; readonly openedAt: number; readonly raisedAt: number }
  >
>;

/**
 * When a door that stands open is a matter: after its minutes within one night. Opened by day, it counts from nightfall; after a time
 * in which nobody could have told us that it was closed, from there.
 */
const deadlineOf = (openedAt: number, home: Home): number =>
  Math.max(openedAt, home.blind.toAt, nightAround(home.now, home.household.settings).fromAt) +
  minutes(home.household.settings.doorOpenNightMinutes);

function finding(door: Open[string], deadlineAt: number, home: Home): Conclusion {
  const name = deviceName(home, door.hubId, door.device);
  const openMs = deadlineAt - door.openedAt;
  const [open, limit] = [duration(openMs), duration(minutes(home.household.settings.doorOpenNightMinutes))];
  const since = clockTime(door.openedAt, home);
  return {
    category: 'door_open',
    about: { hubId: door.hubId, device: door.device },
    occurrenceKey: `door_open:${placeOf(door.hubId, door.device)}:${deadlineAt}`,
    at: deadlineAt,
    delayMs: 0,
    sentence: {
      zh: `夜里${name.zh}开着：${since} 打开后一直没有关，已 ${open.zh}（夜间上限 ${limit.zh}）。`,
      en: `${name.en} stands open at night: opened at ${since} and not closed for ${open.en} (limit at night ${limit.en}).`,
    },
    evidence: {
      readings: [{ device: door.device, kind: 'open', value: true, at: door.openedAt }],
      numbers: { openMs, limitMs: minutes(home.household.settings.doorOpenNightMinutes) },
    },
  };
}

function tick(doors: Open, home: Home): Outcome<Open> {
  const findings: Conclusion[] = [];
  let state = doors;
  let wakeAt = NEVER_AT;
  for (const [place, door] of Object.entries(doors)) {
    if (door.raisedAt !== 0 || home.household.mode === 'paused' || !audible(home, door.hubId)) continue;
    const deadlineAt = deadlineOf(door.openedAt, home);
    if (deadlineAt > home.now) wakeAt = Math.min(wakeAt, deadlineAt);
    else {
      findings.push(finding(door, deadlineAt, home));
      state = { ...state, [place]: { ...door, raisedAt: deadlineAt } };
    }
  }
  return { state, findings, wakeAt };
}

function step(doors: Open, input: Input, home: Home): Outcome<Open> | null {
  switch (input.kind) {
    case 'tick':
      return tick(doors, home);
    case 'link':
      return { state: doors, wakeAt: home.now };
    case 'unreadable':
      return null;
    case 'reading': {
      const { hubId, place, madeAt, live, news } = input;
      const { device, value } = input.reading;
      const known = doors[place];
      if (news === 'older' || !isFollowed(input, home)) return null;
      if (value === true) {
        if (known || !live || !isExit(home.household, place)) return null;
        return { state: { ...doors, [place]: { hubId, device, openedAt: madeAt, raisedAt: 0 } }, wakeAt: home.now };
      }
      if (!known) return null;
      const name = deviceName(home, hubId, device);
      const sentence = { zh: `${name.zh}已关上。`, en: `${name.en} is closed.` };
      const closed = { category: 'door_open', about: { hubId, device }, at: madeAt, sentence } as const;
      return { state: without(doors, place), ...(known.raisedAt !== 0 && { recoveries: [closed] }) };
    }
    default:
      return input satisfies never;
  }
}

/** An outer door that stands open in the night for longer than the household's limit. Activity: not concluded while nobody lives there. */
export const doorOpen: Rule<Open> = { name: 'door_open', initial: {}, hears: ['open'], step };
