/**
 * Which events of a hub have been heard: for each of its boots, the sequence numbers as intervals [from, to], flat and ascending.
 * In order a boot is one interval, however long; each gap costs one more until it is filled.
 */
export type EventsHeard = [boot: string, intervals: number[]][];

const BOOTS = 4;
/** Some two thousand messages may come in any order: a minute of a hub that says more than any home. */
const NUMBERS = 1_024;

/**
 * Notes an event and says whether it is new. At the bounds the oldest is forgotten: what is repeated from there is taken as new,
 * because an event counted twice is a smaller harm than one not counted.
 */
export function hearEvent(heard: EventsHeard, boot: string, seq: number): boolean {
  let own = heard.at(-1);
  if (own?.[0] !== boot) {
    own = heard.find(([name]) => name === boot);
    if (!own) {
      own = [boot, []];
      heard.push(own);
      if (heard.length > BOOTS) heard.shift();
    }
  }
  return hearNumber(own[1], seq);
}

function hearNumber(intervals: number[], seq: number): boolean {
  let at = intervals.length - 2;
  while (at >= 0 && seq < (intervals[at] as number)) at -= 2;
  if (at >= 0 && seq <= (intervals[at + 1] as number)) return false;
  const joinsLower = at >= 0 && seq === (intervals[at + 1] as number) + 1;
  const joinsUpper = seq + 1 === intervals[at + 2];
  if (joinsLower && joinsUpper) intervals.splice(at + 1, 2);
  else if (joinsLower) intervals[at + 1] = seq;
  else if (joinsUpper) intervals[at + 2] = seq;
  else intervals.splice(at + 2, 0, seq, seq);
  if (intervals.length > NUMBERS) intervals.splice(0, 2);
  return true;
}
