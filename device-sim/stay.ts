import type { Dice } from './dice.ts';
import type { Doing } from './event.ts';
import type { Habits } from './home.ts';
import type { Room } from './room.ts';

/** Somebody is somewhere, doing something, from minute to minute of the day. */
export type Stay = {
  readonly place: Room | 'out';
  readonly doing: Doing;
  readonly from: number;
  readonly to: number;
};

const MIDNIGHT = 24 * 60;

/** A resident's day from midnight to midnight, without gaps. */
export function staysOf(habits: Habits, day: Dice): readonly Stay[] {
  const stays: Stay[] = [];
  let now = 0;
  const stay = (place: Stay['place'], doing: Doing, minutes: number) => {
    const to = Math.min(now + minutes, MIDNIGHT);
    if (to > now) stays.push({ place, doing, from: now, to });
    now = to;
  };
  const until = (minute: number) => Math.max(0, minute - now);
  const potter = (end: number, doing: Doing) => {
    while (now < end) {
      stay('living', doing, Math.min(day.between(20, 55), until(end)));
      if (until(end) < 15) continue;
      const errand = day.pick(['kitchen', 'bathroom', 'bedroom'] as const);
      stay(errand, errand === 'bathroom' ? 'washes' : 'potters', day.between(3, 10));
    }
  };
  const outing = (probability: number, end: number) => {
    if (day.chance(probability)) stay('out', 'goes_out', Math.min(day.between(40, 110), until(end)));
  };

  const wakesAt = habits.wakesAt + day.around(0, 15);
  const visits = Math.round(day.around(habits.nightVisits, 0.7));
  for (let visit = 1; visit <= visits; visit++) {
    stay('bedroom', 'sleeps', until((wakesAt * visit) / (visits + 1) + day.between(-25, 25)));
    stay('bathroom', 'washes', day.between(4, 9));
  }
  stay('bedroom', 'sleeps', until(wakesAt));
  stay('bedroom', 'wakes', day.between(4, 10));
  stay('bathroom', 'washes', day.between(8, 18));
  stay('kitchen', 'cooks', day.between(15, 30));
  stay('living', 'eats', day.between(12, 25));
  potter(day.around(8 * 60 + 30, 20), 'potters');
  outing(habits.goesOutMorning, 11 * 60);
  potter(day.around(11 * 60, 12), 'potters');
  stay('kitchen', 'cooks', day.between(30, 50));
  stay('living', 'eats', day.between(20, 35));
  potter(12 * 60 + 40, 'watches_tv');
  stay('bedroom', 'naps', day.around(habits.napMinutes, 10));
  stay('bathroom', 'washes', day.between(3, 7));
  potter(day.around(15 * 60, 20), 'potters');
  outing(habits.goesOutAfternoon, 17 * 60);
  potter(day.around(17 * 60 + 15, 12), 'potters');
  stay('kitchen', 'cooks', day.between(25, 45));
  stay('living', 'eats', day.between(20, 35));
  potter(habits.sleepsAt + day.around(0, 12), 'watches_tv');
  stay('bathroom', 'washes', day.between(8, 15));
  stay('bedroom', 'sleeps', until(MIDNIGHT));
  return stays;
}
