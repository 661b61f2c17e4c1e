import { type AlertState, act, raise } from '../../domain/alert.ts';
import type { Category } from '../../domain/category.ts';
import type { Finding } from '../../domain/finding.ts';
import type { Delivery, Notice } from '../../domain/notice.ts';
import { planFor } from '../../domain/plan.ts';
import type { ReadingKind } from '../../domain/reading.ts';
import { hours, minutes, seconds } from '../../domain/time.ts';
import type { Role, User } from '../../domain/user.ts';
import type { AlertAnswer, QueuedAlert } from '../../web/wire/alert.ts';

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
    readings: [['emergency_button', 'sos', true]],
    numbers: {},
  },
  smoke: {
    zh: '厨房的烟雾报警器报警。',
    en: 'The smoke alarm in the kitchen is sounding.',
    readings: [['alarm', 'smoke', true]],
    numbers: {},
  },
  vitals: {
    zh: '收缩压 178 mmHg，高于界限 160。',
    en: 'Systolic 178 mmHg, above the limit of 160.',
    readings: [
      ['vital_monitor', 'systolic', 178],
      ['vital_monitor', 'diastolic', 96],
    ],
    numbers: { low: 100, high: 160 },
  },
  inactivity: {
    zh: '8 小时 20 分钟没有活动，也没有人出门。',
    en: 'No activity for 8 h 20 min, and nobody left.',
    readings: [['motion', 'motion', true]],
    numbers: { stillMs: minutes(500), limitMs: hours(8) },
  },
  door_open: {
    zh: '入户门在夜间打开了 14 分钟。',
    en: 'The front door has been open at night for 14 min.',
    readings: [['door', 'open', true]],
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
    readings: [['door', 'battery', 9]],
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
    said: null,
  });
  return {
    serverAt: now,
    alert,
    events: [
      event('raised', alert.raisedAt, null, alert.rule),
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
