import { dice } from '../../device-sim/dice.ts';
import type { Home } from '../../device-sim/home.ts';
import { days, hours, minutes } from '../../domain/time.ts';
import { type HubClock, rightClock } from './virtual-months-hub.ts';

/** The ways in which a hub's clock is wrong; each with and without telling the time of sending. */
export const wrongClocks = [
  'in_1970',
  'a_year_ahead',
  'at_its_makers_date',
  'summer_time_begins',
  'summer_time_ends',
  'too_fast',
  'too_slow',
  'jumps',
] as const;
export type WrongClock = (typeof wrongClocks)[number];

const MAKERS_DATE = Date.UTC(2024, 0, 1);

/** What the clock shows at a true time. Where something happens to it, that is at `turnsAt`. */
export function showing(kind: WrongClock, fromAt: number, turnsAt: number): HubClock['shows'] {
  switch (kind) {
    case 'in_1970':
      return (at) => at - fromAt;
    case 'a_year_ahead':
      return (at) => at + days(365);
    case 'at_its_makers_date':
      return (at) => MAKERS_DATE + at - fromAt;
    case 'summer_time_begins':
      return (at) => (at < turnsAt ? at : at + hours(1));
    case 'summer_time_ends':
      return (at) => (at < turnsAt ? at : at - hours(1));
    case 'too_fast':
      return (at) => at + (at - fromAt) * 0.05;
    case 'too_slow':
      return (at) => at - (at - fromAt) * 0.05;
    case 'jumps':
      return (at) => (at < turnsAt || at > turnsAt + hours(30) ? at : at - days(20));
    default:
      return kind satisfies never;
  }
}

export const wrongClockOf = ({ number }: Pick<Home, 'number'>): { kind: WrongClock; tellsSent: boolean } => ({
  kind: wrongClocks[Math.floor(number / 2) % wrongClocks.length] ?? 'in_1970',
  tellsSent: number % 2 === 0,
});

/** The clock of a home of our own protocol; Zigbee2MQTT tells no times. */
export function clockOfHome(home: Home, fromAt: number): HubClock {
  if (home.ecosystem === 'zigbee2mqtt') return rightClock;
  const { kind, tellsSent } = wrongClockOf(home);
  const turnsAt = fromAt + hours(20) + minutes(dice(home.seed, home.number, 'clock').whole(0, 20 * 60));
  return { shows: showing(kind, fromAt, turnsAt), tellsSent };
}
