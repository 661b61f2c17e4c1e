import { factsOf } from '../domain/reading.ts';
import { localTime } from '../domain/time.ts';
import type { SimReading } from './event.ts';
import type { Home } from './home.ts';
import { dayOf } from './life.ts';
import { dayAfter } from './local-day.ts';
import { inBatches } from './recorded-life.ts';

/** What a hub tells when it comes into a system: what it has kept, as late data, and how its devices stand now. */
export type Arrival = { readonly kept: readonly SimReading[][]; readonly now: readonly SimReading[] };

const READINGS_A_MESSAGE = 2_000;

/** Yesterday and today so far. A Zigbee2MQTT hub keeps nothing: it knows only how its devices stand. */
export function arrivalOf(home: Home, now: number): Arrival {
  const today = localTime(now, home.zone).day;
  const past = [dayAfter(today, -1), today]
    .flatMap((day) => dayOf(home, day))
    .filter(({ at }) => at < now)
    .map((event) => ({ ...event, readings: event.readings.filter(({ kind }) => kind !== 'heartbeat') }));
  const standing = new Map<string, SimReading>();
  for (const reading of past.flatMap(({ readings }) => readings))
    if (factsOf(reading.kind).retain !== 'vital') standing.set(`${reading.device} ${reading.kind}`, reading);
  const alive = home.devices
    .filter(({ class: use }) => use !== 'vital_monitor')
    .map(({ key }): SimReading => ({ kind: 'heartbeat', device: key, value: true }));
  return {
    kept: home.ecosystem === 'shouwang' ? inBatches(past, READINGS_A_MESSAGE) : [],
    now: [...alive, ...standing.values()],
  };
}
