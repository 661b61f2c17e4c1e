import type { Sentence } from '../domain/finding.ts';
import { minutes, seconds } from '../domain/time.ts';
import { CLOCK_STEP_MS } from '../runtime/clock.ts';
import type { Facts } from '../store/audit.ts';
import type { Beat } from '../store/beat.ts';

/** What the auditor looks at: the database, and the machine that it runs on. */
export type Seen = Facts & {
  readonly now: number;
  /** The used part of the data folder's disk, 0 to 1. */
  readonly diskUsed: number;
  /** The disk was full, and what was held back for that has been given away. */
  readonly ballastReleased: boolean;
  readonly clockSteppedMs: number;
  /** Its name among several; '' where there is one. */
  readonly machine: string;
};

/**
 * A promise and how to see that it is broken: by how much, or null while it holds. `grave`: help may not come, so that the outside
 * heartbeat stops; the others are only told to the owner, or a disk that fills for weeks would make everybody deaf to it.
 */
export type PromiseToKeep = {
  readonly name: string;
  /** What it is broken by, as a number of the evidence is named. */
  readonly measure: 'count' | 'lateMs' | 'usedPercent';
  readonly grave: boolean;
  /** Each machine keeps it, or not, by itself. */
  readonly ofMachine?: true;
  readonly broken: (seen: Seen) => number | null;
  readonly says: (by: number) => Sentence;
};

const some = (count: number): number | null => (count > 0 ? count : null);
const above = (value: number, limit: number): number | null => (value > limit ? value : null);

const BEAT_MISSED_MS = seconds(15);
/** With fewer hubs than this a quarter of an hour without a word may well be a quiet night. */
const HUBS_THAT_TALK = 20;

const roles = {
  broker: { zh: '接收', en: 'receives from the homes (broker)' },
  ingest: { zh: '分析', en: 'applies the rules (ingest)' },
  alerts: { zh: '通知', en: 'escalates and tells (alerts)' },
  web: { zh: '网页', en: 'serves the consoles (web)' },
} as const;

const roleLives = (role: keyof typeof roles): PromiseToKeep => ({
  name: `role_${role}`,
  measure: 'lateMs',
  grave: true,
  broken: ({ beats, now }) => above(now - (beats[role] ?? 0), BEAT_MISSED_MS),
  says: () => ({
    zh: `“${roles[role].zh}”进程没有响应超过 15 秒（${role}）`,
    en: `Nothing that ${roles[role].en} has given a sign of life for 15 s`,
  }),
});

const INSTANCE = 'instance ';
const INSTANCE_MISSED_MS = seconds(30);

const roleOf = (name: string): keyof typeof roles | undefined =>
  (Object.keys(roles) as (keyof typeof roles)[]).find((role) => role === name);

/** One of several that do the same has gone: the others carry on, and somebody should look. */
function instanceLives({ role: name, instance, at }: Beat): PromiseToKeep[] {
  const role = roleOf(name);
  if (!role) return [];
  const isOther = (beat: Beat): boolean => beat.role === role && beat.instance !== instance;
  return [
    {
      name: `${INSTANCE}${role} ${instance}`,
      measure: 'lateMs',
      grave: false,
      broken: ({ instances, now }) =>
        instances.some((beat) => isOther(beat) && now - beat.at <= BEAT_MISSED_MS)
          ? above(now - at, INSTANCE_MISSED_MS)
          : null,
      says: () => ({
        zh: `一个“${roles[role].zh}”进程没有响应超过 30 秒（${instance}）；其他同类进程仍在工作`,
        en: `One that ${roles[role].en} has given no sign of life for 30 s (${instance}); others go on`,
      }),
    },
  ];
}

const diskBelow = (percent: number, grave: boolean): PromiseToKeep => ({
  name: `disk_${percent}`,
  measure: 'usedPercent',
  grave,
  ofMachine: true,
  broken: ({ diskUsed }) => (diskUsed * 100 >= percent ? Math.round(diskUsed * 100) : null),
  says: (by) => ({ zh: `数据磁盘已用 ${by}%`, en: `The data disk is ${by} % full` }),
});

/** Everything that the auditor looks for, in the order in which it matters. */
export const promises: readonly PromiseToKeep[] = [
  {
    name: 'deadlines',
    measure: 'count',
    grave: true,
    broken: ({ overdueAlerts }) => some(overdueAlerts),
    says: (n) => ({
      zh: `${n} 条未关闭的警报超过期限 10 秒仍未升级`,
      en: `${n} unclosed alerts are more than 10 s past their deadline`,
    }),
  },
  {
    name: 'emergencies_told',
    measure: 'count',
    grave: true,
    broken: ({ untoldEmergencies }) => some(untoldEmergencies),
    says: (n) => ({
      zh: `${n} 条紧急警报在 15 秒内没有任何通知尝试`,
      en: `Nobody has been told of ${n} emergencies for 15 s`,
    }),
  },
  {
    name: 'notices',
    measure: 'count',
    grave: true,
    broken: ({ overdueNotices }) => some(overdueNotices),
    says: (n) => ({ zh: `${n} 条通知滞留超过 30 秒`, en: `${n} notices have been waiting to go out for over 30 s` }),
  },
  {
    name: 'one_alert',
    measure: 'count',
    grave: true,
    broken: ({ doubledAlerts }) => some(doubledAlerts),
    says: (n) => ({ zh: `${n} 件事各有多条未关闭的警报`, en: `${n} matters have more than one open alert each` }),
  },
  {
    name: 'intake',
    measure: 'lateMs',
    grave: true,
    broken: ({ connectedHubs, lastCommitAt, now }) =>
      connectedHubs >= HUBS_THAT_TALK ? above(now - (lastCommitAt ?? 0), minutes(15)) : null,
    says: () => ({
      zh: '网关在线，但 15 分钟内没有任何消息入库',
      en: 'Hubs are connected, but nothing has been stored for 15 min',
    }),
  },
  {
    name: 'processor',
    measure: 'lateMs',
    grave: true,
    broken: ({ unreadSince, now }) => (unreadSince === null ? null : above(now - unreadSince, seconds(60))),
    says: (ms) => ({
      zh: `消息分析滞后 ${Math.round(ms / 1_000)} 秒`,
      en: `The rules are ${Math.round(ms / 1_000)} s behind the messages`,
    }),
  },
  roleLives('broker'),
  roleLives('ingest'),
  roleLives('alerts'),
  roleLives('web'),
  {
    name: 'ballast',
    measure: 'usedPercent',
    grave: true,
    ofMachine: true,
    broken: ({ ballastReleased, diskUsed }) => (ballastReleased ? Math.round(diskUsed * 100) : null),
    says: (by) => ({
      zh: `数据磁盘曾经写满，备用空间已经释放（现已用 ${by}%）；再次写满将无法接收任何消息，请立即清理磁盘`,
      en: `The data disk was full, and what was held back for that has been released (it is ${by} % full now). When it is full again nothing can be received: make room now`,
    }),
  },
  diskBelow(90, true),
  diskBelow(80, false),
  {
    name: 'clock',
    measure: 'lateMs',
    grave: false,
    ofMachine: true,
    broken: ({ clockSteppedMs }) => above(Math.abs(clockSteppedMs), CLOCK_STEP_MS),
    says: (ms) => ({
      zh: `系统时钟被调整了 ${(ms / 1_000).toFixed(1)} 秒；期限不受影响，重启服务器后时间显示恢复正确`,
      en: `The system clock was set by ${(ms / 1_000).toFixed(1)} s. Deadlines are kept all the same; the times shown are right again after the server has been booted`,
    }),
  },
];

export type Broken = { readonly promise: PromiseToKeep; readonly by: number };

/** The promises as this machine's auditor looks at them: what a machine keeps by itself bears its name, and each instance is one. */
const promisesOf = ({ machine, instances }: Seen): readonly PromiseToKeep[] => [
  ...promises.map((promise) =>
    promise.ofMachine && machine !== '' ? { ...promise, name: `${promise.name} ${machine}` } : promise,
  ),
  ...instances.flatMap(instanceLives),
];

/** Whether this machine's auditor can tell that the promise holds again; an instance that is listed no more is missed no more. */
export const canTell = (name: string, seen: Seen): boolean =>
  name.startsWith(INSTANCE) || promisesOf(seen).some((promise) => promise.name === name);

export const brokenPromises = (seen: Seen): Broken[] =>
  promisesOf(seen).flatMap((promise) => {
    const by = promise.broken(seen);
    return by === null ? [] : [{ promise, by }];
  });
