import type { Finding } from '../domain/finding.ts';
import { SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import { days } from '../domain/time.ts';
import { duration } from './words.ts';

/** The clock stands before the last turn, as after a boot with a better clock than the one before: silence is noticed by nobody meanwhile, and each day of it is said. */
export function timeStands(untilAt: number, now: number): Finding {
  const standing = duration(untilAt - now);
  return {
    householdId: SYSTEM_HOUSEHOLD,
    category: 'system',
    about: { hubId: '', device: 'standing time' },
    rule: 'standing_time',
    occurrenceKey: `system:standing_time:${untilAt}:${Math.floor(now / days(1))}`,
    at: now,
    delayMs: 0,
    sentence: {
      zh: `服务器时钟比守望上次停下时还早：今后 ${standing.zh}内不会发现失联和长时间无活动，紧急呼叫照常。请核对服务器时间。`,
      en: `The server's clock is behind the time at which Shouwang ended last: for ${standing.en} no lost hub or device and no inactivity will be noticed; calls for help come through all the same. Check the server's clock.`,
    },
    evidence: { readings: [], numbers: { standingMs: untilAt - now, untilAt } },
  };
}
