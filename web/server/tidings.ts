import { may } from '../../domain/scope.ts';
import { seconds } from '../../domain/time.ts';
import type { User } from '../../domain/user.ts';
import type { AlertNews, ConsoleNotice } from '../../store/live.ts';
import type { ServerFrame } from '../wire/system.ts';
import type { PlaceOf } from './area-tree.ts';
import { isFor } from './shown.ts';

/** A change that was committed late may carry an earlier time than one that was seen already: so far back looks every look by the clock. */
export const OVERLAP_MS = seconds(5);
/** And so far one that a nudge asked for, of which there are dozens a second in a storm of alarms. */
export const NUDGED_OVERLAP_MS = seconds(1);
/** Of one frame. Consoles fetch everything again anyway; notices beyond it come with the next poll. */
const IDS_A_FRAME = 500;

/** Lets each version of an alert pass once, for as long as it can come again. */
export function onceOnly(): (changes: readonly AlertNews[], since: number) => AlertNews[] {
  const seen = new Map<string, number>();
  return (changes, since) => {
    for (const [key, at] of seen) if (at < since - OVERLAP_MS) seen.delete(key);
    return changes.filter(({ alertId, version, at }) => {
      const key = `${alertId} ${version}`;
      if (seen.has(key)) return false;
      seen.set(key, at);
      return true;
    });
  };
}

/** What a console has been told of: whether anything at all yet, and the notices that nobody has shown since. */
export type Told = { greeted: boolean; readonly noticeIds: Set<string> };

export type Tidings = {
  readonly changes: readonly AlertNews[];
  readonly notices: readonly ConsoleNotice[];
  readonly placeOf: PlaceOf;
  readonly at: number;
};

/**
 * The frame for one console, or null when nothing of it concerns its user. A console that has just come gets one whatever happened:
 * what it fetched may be older than its connection.
 */
export function frameFor(user: User, told: Told, { changes, notices, placeOf, at }: Tidings): ServerFrame | null {
  const owed = notices
    .filter((notice) => !told.noticeIds.has(notice.id) && isFor(user, notice, placeOf(notice)))
    .slice(0, IDS_A_FRAME);
  const changed = changes.filter((change) => may(user, 'alert.see', placeOf(change)));
  if (told.greeted && changed.length === 0 && owed.length === 0) return null;
  // What a console has shown it looks for by these.
  const alertIds = new Set([...owed, ...changed].map(({ alertId }) => alertId));
  const noticeIds = owed.map(({ id }) => id);
  return { kind: 'alerts', serverAt: at, alertIds: [...alertIds].slice(0, IDS_A_FRAME), noticeIds };
}
