import { readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { openToQuery } from './query.ts';

/** The worst that was seen at any look at the database, and at the processes, while things went wrong. */
export type Sampled = {
  looks: number;
  /** Looks that the database did not answer. */
  unanswered: number;
  /** By how much the latest deadline of an unclosed alert had passed, ms. */
  alertLateMs: number;
  /** The same of a notice that is not at its end. */
  noticeLateMs: number;
  unclosedWithoutDeadline: number;
  mostUnclosed: number;
  /** Leases whose fence, and processors whose last turn, went back. */
  readonly wentBack: Set<string>;
  /** The most resident memory of each process, MB. */
  readonly memoryMb: Map<string, number>;
};

export type SamplerOptions = {
  readonly url: string;
  /** Process ids by a name that stays the same when a process is started again. */
  readonly processes: () => ReadonlyMap<string, number>;
  readonly everyMs?: number;
};

const EVERY_MS = 250;

function residentMb(pid: number): number {
  try {
    const [, kb] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kb ?? 0) / 1_024;
  } catch {
    // It has just been killed.
    return 0;
  }
}

/** Looks at the database and the processes beside a load, until stopped. */
export function startSampler({ url, processes, everyMs = EVERY_MS }: SamplerOptions) {
  const db = openToQuery(url);
  const sampled: Sampled = {
    looks: 0,
    unanswered: 0,
    alertLateMs: 0,
    noticeLateMs: 0,
    unclosedWithoutDeadline: 0,
    mostUnclosed: 0,
    wentBack: new Set(),
    memoryMb: new Map(),
  };
  const reached = new Map<string, number>();
  const reach = (name: string, number: number): void => {
    if (number < (reached.get(name) ?? 0)) sampled.wentBack.add(`${name} from ${reached.get(name)} to ${number}`);
    reached.set(name, number);
  };

  async function look(): Promise<void> {
    const alerts = await db
      .selectFrom('alert')
      .select((e) => [
        e.fn.countAll<number | string>().as('n'),
        e.fn.count<number | string>('next_due').as('due'),
        e.fn.min('next_due').as('first'),
      ])
      .where('state', '<>', sql.lit('closed'))
      .executeTakeFirstOrThrow();
    const notices = await db
      .selectFrom('notice')
      .select((e) => e.fn.min('next_attempt_at').as('first'))
      .where('state', 'in', [sql.lit('due' as const), sql.lit('waiting' as const)])
      .executeTakeFirstOrThrow();
    const now = Date.now();
    sampled.looks++;
    sampled.alertLateMs = Math.max(sampled.alertLateMs, now - (alerts.first ?? now));
    sampled.noticeLateMs = Math.max(sampled.noticeLateMs, now - (notices.first ?? now));
    sampled.unclosedWithoutDeadline = Math.max(sampled.unclosedWithoutDeadline, Number(alerts.n) - Number(alerts.due));
    sampled.mostUnclosed = Math.max(sampled.mostUnclosed, Number(alerts.n));
    for (const { name, fence } of await db.selectFrom('lease').select(['name', 'fence']).execute())
      reach(`the fence of ${name}`, fence);
    const turns = db.selectFrom('turn').select((e) => ['processor', e.fn.max('number').as('number')]);
    for (const { processor, number } of await turns.groupBy('processor').execute())
      reach(`the turn of processor ${processor}`, number);
  }

  let stopped = false;
  async function run(): Promise<void> {
    while (!stopped) {
      await look().catch(() => sampled.unanswered++);
      for (const [name, pid] of processes())
        sampled.memoryMb.set(name, Math.max(sampled.memoryMb.get(name) ?? 0, residentMb(pid)));
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
  const running = run().then(() => db.destroy());
  return {
    sampled,
    async stop(): Promise<void> {
      stopped = true;
      await running;
    },
  };
}

/** Every unclosed alert has a deadline, and neither one of those nor a notice was ever later than this. */
export const nothingUnattended = (sampled: Sampled, latestMs: number): string[] => [
  ...(sampled.looks === 0 ? ['the database never answered whoever looked for deadlines'] : []),
  ...(sampled.unclosedWithoutDeadline > 0
    ? [`${sampled.unclosedWithoutDeadline} unclosed alerts had no deadline`]
    : []),
  ...(sampled.alertLateMs > latestMs ? [`a deadline was ${sampled.alertLateMs} ms late`] : []),
  ...(sampled.noticeLateMs > latestMs ? [`a notice was ${sampled.noticeLateMs} ms late`] : []),
];

/** No owner of a partition ever lost its place to one that came before it. */
export const neverWentBack = ({ wentBack }: Sampled): string[] => [...wentBack].map((what) => `${what} went back`);

/** Of a process that is all the roles, MB: its threads hold half of it before anything is said. One that is a single role has less. */
export const ALL_ROLES_MOST_MB = 768;

export const memoryBounded = ({ memoryMb }: Sampled, mostMb: number): string[] =>
  [...memoryMb]
    .filter(([, mb]) => mb > mostMb)
    .map(([name, mb]) => `${name} took ${Math.round(mb)} MB, more than ${mostMb}`);
