import { type Dice, dice } from '../../device-sim/dice.ts';
import type { SimEvent, SimReading } from '../../device-sim/event.ts';
import { deviceFor, type Home } from '../../device-sim/home.ts';
import { dayOf } from '../../device-sim/life.ts';
import { dayAfter, midnightOf } from '../../device-sim/local-day.ts';
import type { ReadingKind } from '../../domain/reading.ts';
import { days, hours, localTime, minutes, seconds } from '../../domain/time.ts';

/** What becomes of a home in its month; in half of them nothing does. */
export type Plot =
  | { readonly kind: 'nothing' }
  /** Somebody falls where no radar looks: nothing moves any more. */
  | { readonly kind: 'collapses'; readonly at: number }
  | { readonly kind: 'calls'; readonly at: readonly number[] }
  /** The hub has no network: by our own protocol it keeps what happens, by Zigbee2MQTT that is gone. */
  | { readonly kind: 'cut_off'; readonly fromAt: number; readonly toAt: number }
  | { readonly kind: 'device_dies'; readonly at: number; readonly device: string }
  /** Everything comes up to three times, and each copy up to a minute late. */
  | { readonly kind: 'repeats' };

const PLOTS = [
  'nothing',
  'nothing',
  'nothing',
  'nothing',
  'nothing',
  'collapses',
  'calls',
  'cut_off',
  'device_dies',
  'repeats',
] as const;

export function plotOf(home: Home, fromAt: number, lasts: number): Plot {
  const chance = dice(home.seed, home.number, 'plot');
  const kind = chance.pick(PLOTS);
  // Early enough for what must follow, late enough for the home to be known.
  const at = fromAt + hours(20) + chance.whole(0, Math.max(minutes(1), days(lasts) - hours(50)));
  switch (kind) {
    case 'nothing':
    case 'repeats':
      return { kind };
    case 'collapses':
      return { kind, at };
    case 'calls':
      return { kind, at: Array.from({ length: chance.whole(1, 4) }, (_, n) => at + n * hours(3)) };
    case 'cut_off':
      return { kind, fromAt: at, toAt: at + minutes(chance.whole(5, 600)) };
    case 'device_dies':
      return { kind, at, device: deviceFor(home, 'temperature') ?? '' };
    default:
      return kind satisfies never;
  }
}

/** Something that is said: when it was made, and when it arrives (each copy). */
export type Saying = {
  readonly at: number;
  readonly readings: readonly SimReading[];
  readonly arrivesAt: readonly number[];
};

const SIGNS_OF_LIFE: readonly ReadingKind[] = ['heartbeat', 'temperature', 'humidity'];

/** Signs of life every ten minutes tell no more than those of every hour, and cost six times as much; the hub's own tell nothing. */
const isKept = ({ at, readings }: SimEvent): boolean =>
  readings.some(({ kind }) => !SIGNS_OF_LIFE.includes(kind)) || (readings.length > 1 && at % hours(1) < minutes(10));

/** What a person must do for it; that movement ends, a sensor says by itself. */
const isDeed = ({ doing, readings }: SimEvent): boolean =>
  doing !== 'device' && readings.some(({ value }) => value !== false);

const called = (home: Home, at: number): SimEvent[] => {
  const readings = (['sos', 'fall'] as const).flatMap((kind) => {
    const device = deviceFor(home, kind);
    return device ? [{ kind, device, value: true }] : [];
  });
  return readings.map((reading, n) => ({ at: at + n * seconds(20), doing: 'device', readings: [reading] }));
};

function altered(events: readonly SimEvent[], home: Home, plot: Plot, midnight: number): SimEvent[] {
  switch (plot.kind) {
    case 'collapses':
      return events.filter((event) => event.at < plot.at || !isDeed(event));
    case 'device_dies':
      return events
        .map((event) =>
          event.at < plot.at
            ? event
            : { ...event, readings: event.readings.filter(({ device }) => device !== plot.device) },
        )
        .filter(({ readings }) => readings.length > 0);
    case 'calls': {
      const today = plot.at.filter((at) => at >= midnight && at < midnight + days(1));
      const calls = today.flatMap((at) => called(home, at));
      return [...events, ...calls].sort((a, b) => a.at - b.at);
    }
    case 'nothing':
    case 'cut_off':
    case 'repeats':
      return [...events];
    default:
      return plot satisfies never;
  }
}

function arrivals({ at }: SimEvent, home: Home, plot: Plot, chance: Dice): number[] {
  const on = Math.floor(at) + 50;
  if (plot.kind === 'repeats') {
    const copies = home.ecosystem === 'shouwang' ? chance.whole(1, 3) : 1;
    return Array.from({ length: copies }, () => on + Math.floor(chance.between(0, minutes(1))));
  }
  if (plot.kind !== 'cut_off' || at < plot.fromAt || at >= plot.toAt) return [on];
  return home.ecosystem === 'shouwang' ? [plot.toAt + seconds(2) + Math.floor(chance.between(0, seconds(30)))] : [];
}

/** A local day of a home's life as its hub says it. */
export function sayingsOf(home: Home, localDay: string, plot: Plot): Saying[] {
  const chance = dice(home.seed, home.number, localDay, 'arrivals');
  const midnight = midnightOf(localDay, home.zone);
  return altered(dayOf(home, localDay).filter(isKept), home, plot, midnight).map((event) => ({
    at: Math.floor(event.at),
    readings: event.readings,
    arrivesAt: arrivals(event, home, plot, chance),
  }));
}

/** The local days from a moment on. */
export const localDays = (fromAt: number, count: number, zone: string): string[] =>
  Array.from({ length: count }, (_, n) => dayAfter(localTime(fromAt, zone).day, n));
