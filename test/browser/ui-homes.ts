import { household, resident } from '../../domain/household.ts';
import type { ReadingKind } from '../../domain/reading.ts';
import { days, hours, minutes, seconds } from '../../domain/time.ts';
import type { QueuedAlert } from '../../web/wire/alert.ts';
import type { DeviceNow, HouseholdFile } from '../../web/wire/household.ts';
import type { SystemAnswer } from '../../web/wire/system.ts';
import { alertOf, lastClosed } from './ui-answers.ts';

/** Homes for pictures of the screens: nobody lives at these doors. */
export function fileOf(id: string, now: number, open: QueuedAlert[]): HouseholdFile {
  const number = Number(id.replace('home-', '')) || 1;
  const { householdName, address, stationName } = alertOf('x', 'sos', 0, 'open', now, number);
  const live = household.parse({ id, stationId: 'station-1', name: householdName, address, mode: 'live' });
  return {
    serverAt: now,
    household: { ...live, access: 'masked' },
    areas: [
      { kind: 'city', name: '测试市' },
      { kind: 'district', name: '测试区' },
      { kind: 'station', name: stationName },
    ],
    ...peopleOf(id),
    pauses: [],
    hubs: [
      {
        id: 'hub-1',
        householdId: id,
        clientId: 'sw-4f9k2',
        ecosystem: 'zigbee2mqtt',
        power: 'mains',
        createdAt: now - days(90),
        connected: true,
        lastHeardAt: now - seconds(12),
        activeKeys: 1,
      },
    ],
    devices: devicesOf(id, now),
    openAlerts: open,
    lastAlerts: lastClosed(now),
  };
}

function peopleOf(householdId: string): Pick<HouseholdFile, 'residents' | 'contacts'> {
  const notes = '听力不好，请大声说。每天两次降压药。';
  return {
    residents: [
      resident.parse({ id: 'r1', householdId, name: '老人甲', birthYear: 1941, sex: 'female', notes }),
      resident.parse({ id: 'r2', householdId, name: '老人乙', birthYear: 1938, sex: 'male' }),
    ],
    contacts: [
      { id: 'k1', householdId, name: '联系人甲', relation: '女儿', phone: '138 0000 0001', rank: 1 },
      { id: 'k2', householdId, name: '联系人乙', relation: '邻居', phone: '138 0000 0002', rank: 2 },
    ],
  };
}

function devicesOf(householdId: string, now: number): DeviceNow[] {
  const last = (kind: ReadingKind, value: boolean | number, ageMs: number) => ({ kind, value, at: now - ageMs });
  const device = (name: string, room: string, part: Partial<DeviceNow>): DeviceNow => ({
    householdId,
    hubId: 'hub-1',
    key: `${part.class}`,
    name,
    room,
    class: 'other',
    lastHeardAt: now - minutes(7),
    state: 'heard',
    battery: 88,
    last: [],
    ...part,
  });
  const vitals = [
    last('systolic', 142, hours(2)),
    last('diastolic', 84, hours(2)),
    last('heart_rate', 71, hours(2)),
    last('spo2', 96, hours(2)),
    last('body_temperature', 36.5, hours(2)),
  ];
  return [
    device('呼叫按钮', '卧室', { class: 'emergency_button', last: [last('sos', true, seconds(42))] }),
    device('人体感应', '厨房', { class: 'motion', battery: 61, last: [last('motion', true, minutes(7))] }),
    device('门磁', '入户门', { class: 'door', battery: 9, last: [last('open', false, hours(3))] }),
    device('血压计', '客厅', { class: 'vital_monitor', battery: null, last: vitals }),
    device('燃气报警器', '厨房', { class: 'alarm', state: 'lost', lastHeardAt: now - hours(30), battery: null }),
  ];
}

const levels: Partial<Record<ReadingKind, [number, number]>> = {
  systolic: [138, 18],
  diastolic: [84, 9],
  heart_rate: [72, 10],
  spo2: [96, 2],
  body_temperature: [36.4, 0.4],
};

export function pointsOf(kind: ReadingKind, from: number, to: number) {
  if (kind === 'motion') {
    return ['卧室', '厨房', '客厅', '卫生间'].flatMap((room, r) =>
      Array.from({ length: 24 }, (_, n) => {
        const awake = Math.max(0, Math.sin(((n - 4 + r) / 24) * Math.PI * 2));
        return {
          at: to - hours(24 - n),
          device: room,
          room,
          n: Math.round(awake * (14 - r * 2)),
          mean: 1,
          min: 0,
          max: 1,
        };
      }).filter(({ n }) => n > 0),
    );
  }
  const [middle, swing] = levels[kind] ?? [20, 2];
  const step = Math.max(hours(6), (to - from) / 60);
  return Array.from({ length: Math.floor((to - from - hours(2)) / step) }, (_, n) => {
    const mean = middle + swing * Math.sin(n * 1.7) * Math.cos(n * 0.6);
    return { at: from + n * step, device: 'bp', room: '客厅', n: 1, mean, min: mean, max: mean };
  });
}

export const timelineOf = (now: number) => {
  const entries: [number, ReadingKind, boolean | number, string, string][] = [
    [seconds(42), 'sos', true, '卧室', '呼叫按钮'],
    [hours(2), 'systolic', 142, '客厅', '血压计'],
    [hours(2) + 1, 'diastolic', 84, '客厅', '血压计'],
    [hours(3), 'open', false, '入户门', '门磁'],
    [hours(3) + minutes(1), 'open', true, '入户门', '门磁'],
    [hours(26), 'open', false, '入户门', '门磁'],
    [hours(27), 'body_temperature', 36.5, '客厅', '体温计'],
  ];
  return entries.map(([age, kind, value, room, deviceName]) => ({
    at: now - age,
    device: deviceName,
    deviceName,
    room,
    kind,
    value,
  }));
};

export const systemOf = (now: number): SystemAnswer => ({
  serverAt: now,
  households: { live: 1_204, commissioning: 6, paused: 18 },
  hubs: { connected: 1_197, lost: 3, neverHeard: 4 },
  packetsLastHour: 93_412,
  processorBehindMs: 400,
  lastClosedAt: now - hours(2),
  unreadable: [
    {
      hubId: 'hub-1',
      householdId: 'home-1',
      householdName: '2 栋 2 单元 101 室',
      topic: 'zigbee2mqtt/kitchen_sensor',
      reason: 'no_known_value',
      count: 31,
      lastAt: now - minutes(3),
      sample: '{"action":"rotate_left","linkquality":120}',
    },
  ],
});

export const areas = [
  { id: 'root', kind: 'city' as const, parentId: null, name: '测试市' },
  { id: 'district-1', kind: 'district' as const, parentId: 'root', name: '测试区' },
  { id: 'street-1', kind: 'street' as const, parentId: 'district-1', name: '测试街道' },
  { id: 'station-1', kind: 'station' as const, parentId: 'street-1', name: '测试社区站' },
];

export const rowsOf = (now: number) =>
  Array.from({ length: 14 }, (_, n) => {
    const { householdName, address, stationName, householdId } = alertOf('x', 'sos', 0, 'open', now, n + 1);
    return {
      id: householdId,
      name: householdName,
      address,
      mode: n === 3 ? ('commissioning' as const) : n === 8 ? ('paused' as const) : ('live' as const),
      stationId: 'station-1',
      stationName,
      residents: n % 3 === 0 ? ['老人甲', '老人乙'] : ['老人甲'],
      openAlerts: n < 3 ? 3 - n : 0,
      lastHeardAt: n === 3 ? null : now - seconds(11 * (n + 1)),
    };
  });
