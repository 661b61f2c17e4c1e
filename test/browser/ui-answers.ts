import { type AlertState, act, raise } from '../../domain/alert.ts';
import type { Category } from '../../domain/category.ts';
import type { Finding } from '../../domain/finding.ts';
import { household, resident } from '../../domain/household.ts';
import type { Delivery, Notice } from '../../domain/notice.ts';
import { planFor } from '../../domain/plan.ts';
import type { ReadingKind } from '../../domain/reading.ts';
import { days, hours, minutes, seconds } from '../../domain/time.ts';
import type { Role, User } from '../../domain/user.ts';
import type { AlertAnswer, QueuedAlert } from '../../web/wire/alert.ts';
import type { DeviceNow, HouseholdFile } from '../../web/wire/household.ts';
import type { SystemAnswer } from '../../web/wire/system.ts';

/** Wire-valid answers for pictures of the screens: nobody lives at these doors. */

export const userOf = (role: Role): User => ({
  id: 'me',
  login: `${role}-1`,
  name: '值守员甲',
  role,
  areaId: role === 'family' ? null : 'root',
  householdId: role === 'family' ? 'home-1' : null,
});

type Told = {
  zh: string;
  en: string;
  readings: [string, ReadingKind, boolean | number][];
  numbers: Record<string, number>;
};

const told: Partial<Record<Category, Told>> = {
  sos: {
    zh: '卧室的呼叫按钮被按下。',
    en: 'The call button in the bedroom was pressed.',
    readings: [['bedroom_button', 'sos', true]],
    numbers: {},
  },
  smoke: {
    zh: '厨房的烟雾报警器报警。',
    en: 'The smoke alarm in the kitchen is sounding.',
    readings: [['kitchen_smoke', 'smoke', true]],
    numbers: {},
  },
  vitals: {
    zh: '收缩压 178 mmHg，高于界限 160。',
    en: 'Systolic 178 mmHg, above the limit of 160.',
    readings: [
      ['bp_monitor', 'systolic', 178],
      ['bp_monitor', 'diastolic', 96],
    ],
    numbers: { value: 178, low: 100, high: 160 },
  },
  inactivity: {
    zh: '8 小时 20 分钟没有活动，也没有人出门。',
    en: 'No activity for 8 h 20 min, and nobody left.',
    readings: [['living_motion', 'motion', true]],
    numbers: { stillMs: minutes(500), limitMs: hours(8) },
  },
  door_open: {
    zh: '入户门在夜间打开了 14 分钟。',
    en: 'The front door has been open at night for 14 min.',
    readings: [['front_door', 'open', true]],
    numbers: { openMs: minutes(14) },
  },
  hub_lost: {
    zh: '网关 6 分钟没有消息。',
    en: 'Nothing was heard from the hub for 6 min.',
    readings: [],
    numbers: { silentMs: minutes(6), limitMs: minutes(3) },
  },
  battery_low: {
    zh: '门磁电量 9%。',
    en: 'The battery of the door sensor is at 9 %.',
    readings: [['front_door', 'battery', 9]],
    numbers: { level: 9 },
  },
};

const rooms: Partial<Record<Category, string>> = {
  sos: '卧室',
  smoke: '厨房',
  door_open: '入户门',
  battery_low: '入户门',
};

export function alertOf(
  id: string,
  category: Category,
  ageMs: number,
  state: AlertState,
  now: number,
  home = 1,
): QueuedAlert {
  const words = told[category] ?? { zh: '测试。', en: 'A test.', readings: [], numbers: {} };
  const at = now - ageMs;
  const finding: Finding = {
    householdId: `home-${home}`,
    category,
    about: { hubId: 'hub-1', device: '' },
    rule: category === 'vitals' ? 'vitals' : category,
    occurrenceKey: id,
    at,
    delayMs: 0,
    sentence: { zh: words.zh, en: words.en },
    evidence: {
      readings: words.readings.map(([device, kind, value]) => ({ device, kind, value, at })),
      numbers: words.numbers,
    },
  };
  let { alert } = raise(finding, '', planFor(category, {}), id, at);
  const wanted = { open: [], taken: ['take'], attended: ['take', 'attend'], closed: ['take', 'close'] } as const;
  for (const kind of wanted[state]) {
    const action = kind === 'close' ? { kind, disposition: 'accidental' as const, text: '' } : { kind };
    const change = act(alert, action, 'me', alert.version, at + seconds(20));
    if ('patch' in change) alert = { ...alert, ...change.patch, version: alert.version + 1 };
  }
  return {
    ...alert,
    householdName: `${(home % 9) + 1} 栋 ${(home % 4) + 1} 单元 ${100 + home} 室`,
    householdMode: 'live',
    address: `测试路 ${home} 号`,
    stationName: '测试社区站',
    subjectName: rooms[category] ?? '',
    takenByName: alert.takenBy === null ? null : '值守员甲',
  };
}

export function busyQueue(now: number): QueuedAlert[] {
  const again = { ...alertOf('a1', 'sos', seconds(42), 'open', now, 1), occurrences: 3 };
  return [
    again,
    alertOf('a2', 'smoke', minutes(4), 'taken', now, 2),
    alertOf('a3', 'vitals', minutes(2), 'open', now, 3),
    alertOf('a4', 'inactivity', minutes(35), 'attended', now, 4),
    alertOf('a5', 'door_open', minutes(14), 'open', now, 5),
    alertOf('a6', 'hub_lost', minutes(8), 'open', now, 6),
    alertOf('a7', 'battery_low', hours(5), 'open', now, 7),
  ];
}

/** So many open alerts, in the order of a queue. */
export function longQueue(now: number, count: number): QueuedAlert[] {
  const mix: Category[] = [
    'sos',
    'smoke',
    'vitals',
    'inactivity',
    'door_open',
    'hub_lost',
    'battery_low',
    'battery_low',
  ];
  return Array.from({ length: count }, (_, n) => {
    const category = mix[n % mix.length]!;
    return alertOf(`long-${n}`, category, seconds(30 + n * 25), n % 5 === 4 ? 'taken' : 'open', now, n + 1);
  }).toSorted((a, b) => a.priority - b.priority || (a.nextDue ?? 0) - (b.nextDue ?? 0));
}

export const lastClosed = (now: number): QueuedAlert[] =>
  (['sos', 'vitals', 'hub_lost'] as const).map((category, n) =>
    alertOf(`c${n}`, category, hours(2 + n), 'closed', now, n + 2),
  );

export function alertAnswerOf(alert: QueuedAlert, now: number): AlertAnswer {
  const event = (kind: AlertAnswer['events'][number]['kind'], at: number, by: string | null, text = '') => ({
    alertId: alert.id,
    version: 1,
    kind,
    at,
    by,
    byName: by === null ? null : '值守员甲',
    text,
  });
  return {
    serverAt: now,
    alert,
    events: [
      event('raised', alert.raisedAt, null, alert.sentence.zh),
      event('told', alert.raisedAt + 400, null, 'station family'),
      ...(alert.takenAt === null
        ? []
        : [
            event('taken', alert.takenAt, 'me'),
            event('commented', alert.takenAt + 9_000, 'me', '电话接通，正在路上。'),
          ]),
      ...(alert.closedAt === null ? [] : [event('closed', alert.closedAt, 'me')]),
    ],
    occurrences: Array.from({ length: alert.occurrences }, (_, n) => ({
      at: alert.raisedAt + n * 9_000,
      delayMs: 0,
      text: `${n}`,
    })),
    ...noticesOf(alert),
  };
}

function noticesOf(alert: QueuedAlert): { notices: Notice[]; deliveries: Delivery[] } {
  const notice = (id: string, part: Partial<Notice>): Notice => ({
    id,
    alertId: alert.id,
    householdId: alert.householdId,
    step: 0,
    round: 0,
    audience: 'station',
    channel: 'console',
    fallback: ['webhook'],
    state: 'delivered',
    reason: 'sent',
    attempts: 1,
    createdAt: alert.raisedAt,
    nextAttemptAt: alert.raisedAt,
    deliveredAt: alert.raisedAt + 900,
    ...part,
  });
  const delivery = (id: string, noticeId: string, part: Partial<Delivery>): Delivery => ({
    id,
    noticeId,
    alertId: alert.id,
    channel: 'console',
    destination: '值守员甲',
    attemptedAt: alert.raisedAt + 900,
    outcome: 'sent',
    reason: 'sent',
    answer: '',
    ...part,
  });
  return {
    notices: [
      notice('n1', {}),
      notice('n2', { audience: 'family', state: 'suppressed', reason: 'no_destination', deliveredAt: null }),
      notice('n3', {
        audience: 'hotline',
        channel: 'webhook',
        state: 'waiting',
        reason: null,
        deliveredAt: null,
        attempts: 2,
      }),
    ],
    deliveries: [
      delivery('d1', 'n1', {}),
      delivery('d2', 'n3', {
        channel: 'webhook',
        destination: 'https://hotline.example/alerts',
        outcome: 'retry',
        reason: 'unreachable',
        answer: '503 Service Unavailable',
      }),
    ],
  };
}

export function fileOf(id: string, now: number, open: QueuedAlert[]): HouseholdFile {
  const number = Number(id.replace('home-', '')) || 1;
  const { householdName } = alertOf('x', 'sos', 0, 'open', now, number);
  const last = (kind: ReadingKind, value: boolean | number, ageMs: number) => ({ kind, value, at: now - ageMs });
  const device = (key: string, part: Partial<DeviceNow>): DeviceNow => ({
    householdId: id,
    hubId: 'hub-1',
    key,
    name: key,
    room: '',
    class: 'other',
    lastHeardAt: now - minutes(7),
    state: 'heard',
    battery: 88,
    last: [],
    ...part,
  });
  return {
    serverAt: now,
    household: {
      ...household.parse({
        id,
        stationId: 'station-1',
        name: householdName,
        address: `测试路 ${number} 号`,
        mode: 'live',
      }),
      access: 'masked',
    },
    areas: [
      { kind: 'city', name: '测试市' },
      { kind: 'district', name: '测试区' },
      { kind: 'station', name: '测试社区站' },
    ],
    residents: [
      resident.parse({
        id: 'r1',
        householdId: id,
        name: '老人甲',
        birthYear: 1941,
        sex: 'female',
        notes: '听力不好，请大声说。每天两次降压药。',
      }),
      resident.parse({ id: 'r2', householdId: id, name: '老人乙', birthYear: 1938, sex: 'male' }),
    ],
    contacts: [
      { id: 'k1', householdId: id, name: '联系人甲', relation: '女儿', phone: '138 0000 0001', rank: 1 },
      { id: 'k2', householdId: id, name: '联系人乙', relation: '邻居', phone: '138 0000 0002', rank: 2 },
    ],
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
    devices: [
      device('bedroom_button', {
        name: '呼叫按钮',
        room: '卧室',
        class: 'emergency_button',
        last: [last('sos', true, seconds(42))],
      }),
      device('kitchen_motion', {
        name: '人体感应',
        room: '厨房',
        class: 'motion',
        battery: 61,
        last: [last('motion', true, minutes(7))],
      }),
      device('front_door', {
        name: '门磁',
        room: '入户门',
        class: 'door',
        battery: 9,
        last: [last('open', false, hours(3))],
      }),
      device('bp', {
        name: '血压计',
        room: '客厅',
        class: 'vital_monitor',
        battery: null,
        last: [
          last('systolic', 142, hours(2)),
          last('diastolic', 84, hours(2)),
          last('heart_rate', 71, hours(2)),
          last('spo2', 96, hours(2)),
          last('body_temperature', 36.5, hours(2)),
        ],
      }),
      device('gas', {
        name: '燃气报警器',
        room: '厨房',
        class: 'alarm',
        state: 'lost',
        lastHeardAt: now - hours(30),
        battery: null,
      }),
    ],
    openAlerts: open,
    lastAlerts: lastClosed(now),
  };
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
