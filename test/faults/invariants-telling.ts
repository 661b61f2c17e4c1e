import { sql } from 'kysely';
import type { Alert } from '../../domain/alert.ts';
import type { Delivery, Notice } from '../../domain/notice.ts';
import { alertOf } from '../../store/alert.ts';
import { noticeOf } from '../../store/notice.ts';
import type { Db } from '../../store/schema.ts';
import { sentence } from './against.ts';
import type { Receptions } from './hook.ts';

/** One alert with everything that was done to tell people of it, by our rows and by the receiver's record. */
export type Told = {
  readonly alert: Pick<Alert, 'id' | 'step' | 'plan' | 'closedAt'>;
  readonly notices: readonly Notice[];
  readonly deliveries: readonly Pick<Delivery, 'noticeId' | 'channel' | 'attemptedAt' | 'outcome'>[];
  readonly receptions: ReadonlyMap<string, Receptions>;
  /** When processes were killed. */
  readonly kills: readonly number[];
  /** How long after it was ordered a notice may come to its receiver. */
  readonly latestMs: number;
};

type Beside = Pick<Told, 'receptions' | 'kills' | 'latestMs'>;

const AFTER_CLOSING_MS = 10_000;
const END = ['delivered', 'suppressed', 'failed', 'superseded'];

/** Every rung that was reached was told to all of its audiences by its first channel, and by the next where that was not heard. */
function rungsOf({ alert, notices }: Told): string[] {
  const reached = alert.plan.steps.slice(0, alert.step + 1);
  const has = (step: number, audience: string, channel: string | undefined) =>
    notices.some((it) => it.step === step && it.audience === audience && it.channel === channel);
  const missing = reached.flatMap(({ tell, channels }, step) =>
    tell.filter((audience) => !has(step, audience, channels[0])).map((audience) => `step ${step} to ${audience}`),
  );
  const dropped = notices
    .filter(({ state, step, audience, fallback }) => state === 'superseded' && !has(step, audience, fallback[0]))
    .map(({ step, audience }) => `step ${step} to ${audience} on the next channel`);
  return [...missing, ...dropped].map((what) => `${alert.id}: ${what}`);
}

/** Who was told is on record, and who is on record was told. */
function unrecorded({ notices, deliveries, receptions }: Told): string[] {
  const attempted = new Set(deliveries.map(({ noticeId }) => noticeId));
  return notices
    .filter(({ id, state, channel }) => {
      if (!END.includes(state)) return false;
      return !attempted.has(id) || (state === 'delivered' && channel === 'webhook' && !receptions.has(id));
    })
    .map(({ id, state }) => `notice ${id}, ${state}`);
}

/** A crash between sending and recording sends again: once a crash, and never without one. */
function doubled({ notices, deliveries, receptions, kills }: Told): string[] {
  return notices.flatMap(({ id }) => {
    const heard = receptions.get(id);
    if (!heard) return [];
    const recorded = deliveries.filter(({ noticeId }) => noticeId === id).length;
    const crashes = kills.filter((at) => at >= heard.firstAt - 1_000 && at <= heard.lastAt).length;
    return heard.times > recorded + crashes
      ? [`notice ${id} came ${heard.times} times, ${recorded} on record, ${crashes} kills between`]
      : [];
  });
}

const tookMs = ({ id, createdAt }: Notice, receptions: Told['receptions']): number =>
  (receptions.get(id)?.firstAt ?? createdAt) - createdAt;

const late = ({ notices, receptions, latestMs }: Told): string[] =>
  notices
    .filter((notice) => tookMs(notice, receptions) > latestMs)
    .map((notice) => `notice ${notice.id} after ${tookMs(notice, receptions)} ms`);

function afterItsEnd({ alert, notices, deliveries, receptions }: Told): string[] {
  const latest = (alert.closedAt ?? Number.POSITIVE_INFINITY) + AFTER_CLOSING_MS;
  const attempts = deliveries.filter(({ outcome, attemptedAt }) => outcome !== 'suppressed' && attemptedAt > latest);
  const heard = notices.filter(({ id }) => (receptions.get(id)?.lastAt ?? 0) > latest);
  return [...attempts.map(({ noticeId }) => noticeId), ...heard.map(({ id }) => id)].map(
    (id) => `notice ${id} of the closed alert ${alert.id}`,
  );
}

const LAWS = [
  ['steps of plans were not told', rungsOf],
  ['notices came to an end without the record or without the receiver', unrecorded],
  ['notices came oftener than crashes explain', doubled],
  ['notices came too late', late],
  ['notices went out more than 10 s after their alert was closed', afterItsEnd],
] as const;

const ALERTS_AT_ONCE = 500;

async function page(db: Db, after: string, seen: Beside): Promise<Told[]> {
  const rows = await db
    .selectFrom('alert')
    .selectAll()
    .where('id', '>', after)
    .orderBy('id')
    .limit(ALERTS_AT_ONCE)
    .execute();
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const notices = await db.selectFrom('notice').selectAll().where('alert_id', 'in', ids).execute();
  const deliveries = await db
    .selectFrom('delivery')
    .select(['alert_id', 'notice_id as noticeId', 'channel', 'attempted_at as attemptedAt', 'outcome'])
    .where('alert_id', 'in', ids)
    .execute();
  const noticesOf = Map.groupBy(notices.map(noticeOf), ({ alertId }) => alertId);
  const deliveriesOf = Map.groupBy(deliveries, ({ alert_id }) => alert_id);
  return rows.map((row) => ({
    ...seen,
    alert: alertOf(row),
    notices: noticesOf.get(row.id) ?? [],
    deliveries: deliveriesOf.get(row.id) ?? [],
  }));
}

/** What was found, case by case, alert by alert. */
export const tellingAgainst = (told: Told): string[][] => LAWS.map(([, law]) => law(told));

/** Looks through all alerts: each step told, each attempt recorded, none doubled without a crash, none after the end. */
export async function everyStepIsTold(db: Db, seen: Beside) {
  const cases: string[][] = LAWS.map(() => []);
  let alerts = 0;
  let toldAfterMaxMs = 0;
  for (let after = ''; ; ) {
    const told = await page(db, after, seen);
    for (const one of told) for (const [law, found] of tellingAgainst(one).entries()) cases[law]?.push(...found);
    alerts += told.length;
    for (const { notices } of told)
      for (const notice of notices) toldAfterMaxMs = Math.max(toldAfterMaxMs, tookMs(notice, seen.receptions));
    const last = told.at(-1);
    if (!last) break;
    after = last.alert.id;
  }
  const known = await db
    .selectFrom('notice')
    .select((e) => e.fn.countAll<number | string>().as('n'))
    .where('channel', '=', sql.lit('webhook' as const))
    .executeTakeFirstOrThrow();
  return {
    alerts,
    toldAfterMaxMs,
    webhookNotices: Number(known.n),
    resent: [...seen.receptions.values()].reduce((sum, { times }) => sum + times - 1, 0),
    says: LAWS.flatMap(([what], law) => sentence(what, cases[law] ?? [])),
  };
}
