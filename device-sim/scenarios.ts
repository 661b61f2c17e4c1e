import type { WatchSettings } from '../domain/household.ts';
import type { ReadingKind } from '../domain/reading.ts';
import { days, hours, minutes, seconds } from '../domain/time.ts';
import type { SimReading } from './event.ts';
import { deviceFor, type Home } from './home.ts';
import type { Room } from './room.ts';

/** One thing that happens in a scenario, one after another. */
export type Act =
  | {
      readonly kind: 'says';
      readonly readings: readonly SimReading[];
      readonly ageMs?: number;
      readonly copies?: number;
    }
  /** Numbered in the order of the list, sent from the last to the first. */
  | { readonly kind: 'says_backwards'; readonly messages: readonly (readonly SimReading[])[]; readonly apartMs: number }
  | { readonly kind: 'waits'; readonly ms: number }
  | { readonly kind: 'sets_clock'; readonly offsetMs: number }
  | { readonly kind: 'loses_power' }
  | { readonly kind: 'gets_power' };

export type Scenario = {
  readonly title: { readonly zh: string; readonly en: string };
  /** What a watcher at the desk should see. */
  readonly expect: string;
  /** How the household should be watched for it, where the defaults would need a certain hour of the day. */
  readonly settings?: (minuteOfDay: number) => Partial<WatchSettings>;
  /** What its home must be able to read. */
  readonly needs: readonly ReadingKind[];
  /** Only for hubs that keep what they could not send, number it and know its time: not for Zigbee2MQTT. */
  readonly ownProtocolOnly?: boolean;
  readonly acts: (home: Home) => readonly Act[];
};

/** The reading of the home's own device for `kind`; a scenario asks only for what its home has. */
function read(home: Home, kind: ReadingKind, value: boolean | number, room?: Room): SimReading {
  const device = deviceFor(home, kind, room);
  if (device === undefined) throw new Error(`${home.name} has no device that reads ${kind}`);
  return { kind, device, value };
}
const says = (readings: readonly SimReading[], more: { ageMs?: number; copies?: number } = {}): Act => ({
  kind: 'says',
  readings,
  ...more,
});
const waits = (ms: number): Act => ({ kind: 'waits', ms });
const heartbeat: SimReading = { kind: 'heartbeat', device: '', value: true };

export const scenarios = {
  sos: {
    title: { zh: '按下紧急按钮', en: 'The emergency button is pressed' },
    expect: 'one P1 alert "sos" within a second, sounding until somebody takes it',
    needs: ['sos'],
    acts: (home) => [says([read(home, 'sos', true)])],
  },
  'fall-at-night': {
    title: { zh: '夜间跌倒', en: 'A fall at night' },
    expect: 'one P1 alert "fall" in 卫生间; the bathroom visit before it raises nothing',
    needs: ['fall', 'motion'],
    acts: (home) => [
      says([read(home, 'motion', true, 'bedroom')]),
      waits(seconds(2)),
      says([read(home, 'motion', true, 'bathroom')]),
      waits(seconds(3)),
      says([read(home, 'fall', true)]),
    ],
  },
  'gas-leak': {
    title: { zh: '燃气泄漏', en: 'A gas leak' },
    expect:
      'one P1 alert "gas" in 厨房, which stays open when the gas is gone; the second "gas" is an occurrence of the same alert',
    needs: ['gas'],
    acts: (home) => [
      says([read(home, 'gas', true)]),
      waits(seconds(5)),
      says([read(home, 'gas', false)]),
      waits(seconds(5)),
      says([read(home, 'gas', true)]),
      waits(seconds(5)),
      says([read(home, 'gas', false)]),
    ],
  },
  'smoke-test': {
    title: { zh: '烟雾报警器自检', en: 'The smoke alarm tests itself' },
    expect: 'no alert: a self-test alarms nobody',
    needs: ['test'],
    acts: (home) => [says([read(home, 'test', true)]), waits(seconds(2)), says([read(home, 'test', false)])],
  },
  wandering: {
    title: { zh: '夜间出门未归', en: 'Out at night, and not back' },
    expect: 'a P3 alert "door_open" after a minute (a fresh home has its night now, and one minute of patience)',
    settings: (minuteOfDay) => ({
      night: [(minuteOfDay + 1440 - 150) % 1440, (minuteOfDay + 210) % 1440],
      doorOpenNightMinutes: 1,
    }),
    needs: ['motion', 'open'],
    acts: (home) => [
      says([read(home, 'motion', true, 'bedroom')]),
      waits(seconds(3)),
      says([read(home, 'open', true, 'hallway')]),
      waits(seconds(90)),
      says([heartbeat]),
    ],
  },
  deterioration: {
    title: { zh: '血氧下降、心率上升', en: 'Oxygen falls, pulse rises' },
    expect:
      'a P2 alert "vitals" once SpO2 is below 92 % or the pulse above 100; further readings are occurrences, not alerts',
    needs: ['spo2', 'heart_rate'],
    acts: (home) =>
      Array.from({ length: 10 }, (_, i) => [
        says([read(home, 'spo2', 97 - Math.round(i * 1.2)), read(home, 'heart_rate', 76 + i * 5)]),
        waits(seconds(2)),
      ]).flat(),
  },
  'hub-without-power': {
    title: { zh: '网关断电', en: 'The hub loses its power' },
    expect: 'a P3 alert "hub_lost" three minutes after the cut; it closes by itself when the hub is back',
    needs: [],
    acts: () => [
      says([heartbeat]),
      waits(seconds(2)),
      { kind: 'loses_power' },
      waits(minutes(3) + seconds(30)),
      { kind: 'gets_power' },
      says([heartbeat]),
    ],
  },
  'battery-dying': {
    title: { zh: '门磁电量耗尽', en: 'A door sensor runs out of battery' },
    expect: 'one P4 alert "battery_low" below 15 %, not one a reading',
    needs: ['open', 'battery'],
    acts: (home) => [31, 22, 16, 13, 9, 6].flatMap((level) => [says([batteryOf(home, level)]), waits(seconds(2))]),
  },
  'late-backlog': {
    title: { zh: '断网两小时后补发', en: 'Two hours without a network, then all at once' },
    expect: 'one P1 alert "sos" marked 90 min late; the old vital signs and the open door raise nothing',
    needs: ['motion', 'heart_rate', 'sos', 'open'],
    ownProtocolOnly: true,
    acts: (home) => [
      ...Array.from({ length: 12 }, (_, i) =>
        says([read(home, 'motion', i % 2 === 0, 'kitchen')], { ageMs: hours(2) - minutes(i * 10) }),
      ),
      says([read(home, 'heart_rate', 132)], { ageMs: minutes(100) }),
      says([read(home, 'sos', true)], { ageMs: minutes(90) }),
      says([read(home, 'open', true, 'hallway')], { ageMs: minutes(80) }),
      says([read(home, 'open', false, 'hallway')], { ageMs: minutes(79) }),
      says([heartbeat]),
    ],
  },
  'wrong-clock': {
    title: { zh: '网关时钟错误', en: "The hub's clock is wrong" },
    expect:
      'one P1 alert "sos" with three occurrences: from a hub in the past, in the future, and set right between press and sending',
    needs: ['motion', 'sos'],
    ownProtocolOnly: true,
    acts: (home) => [
      { kind: 'sets_clock', offsetMs: -days(365 * 50) },
      says([read(home, 'motion', true, 'kitchen')]),
      says([read(home, 'sos', true)]),
      waits(seconds(3)),
      { kind: 'sets_clock', offsetMs: days(365) },
      says([read(home, 'sos', true)]),
      waits(seconds(3)),
      { kind: 'sets_clock', offsetMs: -days(365 * 50) },
      { kind: 'loses_power' },
      says([read(home, 'sos', true)]),
      { kind: 'sets_clock', offsetMs: 0 },
      { kind: 'gets_power' },
    ],
  },
  duplicates: {
    title: { zh: '同一事件重复发送', en: 'The same event sent three times' },
    expect:
      'one P1 alert "sos" with two occurrences: the press that came three times counts once, the second press counts',
    needs: ['sos'],
    ownProtocolOnly: true,
    acts: (home) => [
      says([read(home, 'sos', true)], { copies: 3 }),
      waits(seconds(3)),
      says([read(home, 'sos', true)]),
    ],
  },
  reordering: {
    title: { zh: '消息乱序到达', en: 'Messages arrive in the wrong order' },
    expect: 'one P1 alert "smoke": that it ended arrives before that it began, and neither is lost',
    needs: ['motion', 'smoke', 'open'],
    ownProtocolOnly: true,
    acts: (home) => [
      {
        kind: 'says_backwards',
        apartMs: seconds(10),
        messages: [
          [read(home, 'motion', true, 'kitchen')],
          [read(home, 'smoke', true)],
          [read(home, 'motion', false, 'kitchen')],
          [read(home, 'smoke', false)],
          [read(home, 'open', true, 'hallway')],
          [read(home, 'open', false, 'hallway')],
        ],
      },
    ],
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;
export const isScenario = (name: string): name is ScenarioName => Object.hasOwn(scenarios, name);

function batteryOf(home: Home, value: number): SimReading {
  const device = deviceFor(home, 'open', 'hallway');
  if (device === undefined) throw new Error(`${home.name} has no front door`);
  return { kind: 'battery', device, value };
}

/** Whether this home has what the scenario plays on; a Zigbee2MQTT hub has neither clock nor memory of its own to play with. */
export function isPlayable(name: ScenarioName, home: Home): boolean {
  const scenario: Scenario = scenarios[name];
  return (
    (home.ecosystem === 'shouwang' || !scenario.ownProtocolOnly) &&
    scenario.needs.every((kind) => deviceFor(home, kind))
  );
}
