import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { DeviceClass } from '../domain/hub.ts';
import { localTime, seconds } from '../domain/time.ts';
import { MOTION_HOLD_MS, onAndOff } from './activation.ts';
import type { SimEvent, SimReading } from './event.ts';
import { ZONE } from './home.ts';
import { dayAfter, midnightOf } from './local-day.ts';
import {
  type ActivitySensor,
  activitySensors,
  quantities,
  type RecordedHome,
  recordedHome,
} from './recorded/format.ts';

export const RECORDED_HOMES = [1, 2, 3, 4] as const;

/** How long a recorded door is taken to have stood open: the recording knows only that it was opened. */
const DOOR_OPEN_MS = seconds(15);

type Sensor = { readonly key: string; readonly name: string; readonly room: string; readonly class: DeviceClass };

const sensors: Readonly<Record<ActivitySensor, Sensor>> = {
  kitchen: { key: 'pir-kitchen', name: '厨房人体感应', room: '厨房', class: 'motion' },
  hallway: { key: 'pir-hallway', name: '过道人体感应', room: '过道', class: 'motion' },
  lounge: { key: 'pir-living', name: '客厅人体感应', room: '客厅', class: 'motion' },
  bedroom: { key: 'pir-bedroom', name: '卧室人体感应', room: '卧室', class: 'motion' },
  bathroom: { key: 'pir-bathroom', name: '卫生间人体感应', room: '卫生间', class: 'motion' },
  'front-door': { key: 'door-front', name: '入户门磁', room: '过道', class: 'door' },
  'back-door': { key: 'door-back', name: '后门门磁', room: '厨房', class: 'door' },
  'fridge-door': { key: 'door-fridge', name: '冰箱门磁', room: '厨房', class: 'door' },
};
const monitors: readonly Sensor[] = [
  { key: 'bp', name: '血压计', room: '客厅', class: 'vital_monitor' },
  { key: 'thermometer', name: '体温计', room: '客厅', class: 'vital_monitor' },
  { key: 'scale', name: '体重秤', room: '卫生间', class: 'vital_monitor' },
];
export const recordedDevices: readonly Sensor[] = [...Object.values(sensors), ...monitors];

const deviceOfVital = new Map<string, string>(Object.values(quantities).map(({ kind, device }) => [kind, device]));

export function openRecorded(number: (typeof RECORDED_HOMES)[number]): RecordedHome {
  const file = join(import.meta.dirname, 'recorded', `home-${number}.json.gz`);
  return recordedHome.parse(JSON.parse(gunzipSync(readFileSync(file)).toString()));
}

function eventsOf(recorded: RecordedHome, index: number, midnight: number): SimEvent[] {
  const day = recorded.days[index];
  if (!day) throw new Error(`the recording has no day ${index}`);
  const activated = new Map<ActivitySensor, number[]>(activitySensors.map((sensor) => [sensor, []]));
  let at = midnight;
  for (let i = 0; i < day.activity.length; i += 2) {
    at += seconds(day.activity[i] ?? 0);
    const sensor = activitySensors[day.activity[i + 1] ?? -1];
    if (!sensor) throw new Error(`the recording names an unknown sensor on day ${index}`);
    activated.get(sensor)?.push(at);
  }
  const activity = [...activated].flatMap(([sensor, times]) => {
    const { key, class: use } = sensors[sensor];
    const said = use === 'motion' ? onAndOff(times, MOTION_HOLD_MS) : onAndOff(times, DOOR_OPEN_MS);
    const kind = use === 'motion' ? ('motion' as const) : ('open' as const);
    return said.map(
      (state): SimEvent => ({
        at: state.at,
        doing: 'device',
        readings: [{ kind, device: key, value: state.value }],
      }),
    );
  });
  const vitals = day.vitals.map(
    ([second, kind, value]): SimEvent => ({
      at: midnight + seconds(second),
      doing: 'measures',
      readings: [{ kind, device: deviceOfVital.get(kind) ?? 'bp', value }],
    }),
  );
  return [...activity, ...vitals].sort((a, b) => a.at - b.at);
}

/** The recording, moved so that its last day is today, as far as that day has come. */
export function historyOf(recorded: RecordedHome, now: number): SimEvent[] {
  const today = localTime(now, ZONE).day;
  const last = recorded.days.length - 1;
  return recorded.days
    .flatMap((_, i) => eventsOf(recorded, i, midnightOf(dayAfter(today, i - last), ZONE)))
    .filter(({ at }) => at < now)
    .sort((a, b) => a.at - b.at);
}

/** Life from now on: the last recorded day is today, and the days after it begin the recording again. */
export function* recordedLifeFrom(recorded: RecordedHome, from: number): Generator<SimEvent> {
  const today = localTime(from, ZONE).day;
  const last = recorded.days.length - 1;
  for (let n = 0; ; n++) {
    const events = eventsOf(recorded, (last + n) % recorded.days.length, midnightOf(dayAfter(today, n), ZONE));
    for (const event of events) if (event.at >= from) yield event;
  }
}

/** History as a hub sends it after a long time without a network: few messages of many readings, each with its own time. */
export function inBatches(events: readonly SimEvent[], size: number): SimReading[][] {
  const readings = events.flatMap(({ at, readings }) => readings.map((reading) => ({ ...reading, at })));
  return Array.from({ length: Math.ceil(readings.length / size) }, (_, i) => readings.slice(i * size, (i + 1) * size));
}
