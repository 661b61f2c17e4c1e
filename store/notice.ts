import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Alert } from '../domain/alert.ts';
import type { Delivery, Notice, NoticeOrder, VerdictReason } from '../domain/notice.ts';
import { write } from './command.ts';
import type { Db, Tables } from './schema.ts';

/** Not at its end. Written out in the statement, or SQLite would not see that the index of exactly these serves. */
export const UNSETTLED = [sql.lit('due' as const), sql.lit('waiting' as const)];

export const noticeOf = (row: Tables['notice']): Notice => ({
  id: row.id,
  alertId: row.alert_id,
  householdId: row.household_id,
  step: row.step,
  round: row.round,
  audience: row.audience,
  channel: row.channel,
  fallback: JSON.parse(row.fallback),
  state: row.state,
  reason: row.reason,
  attempts: row.attempts,
  createdAt: row.created_at,
  nextAttemptAt: row.next_attempt_at,
  deliveredAt: row.delivered_at,
});

/** What a plan orders, and for which alert. */
export type Owed = { readonly alert: Pick<Alert, 'id' | 'householdId'>; readonly order: NoticeOrder };

/** The same person is never owed the same thing twice for one step: what is there already stays. */
export async function insertNotices(db: Db, owed: readonly Owed[], now: number): Promise<void> {
  if (owed.length === 0) return;
  await db
    .insertInto('notice')
    .values(
      owed.map(({ alert, order }) => ({
        id: randomUUID(),
        alert_id: alert.id,
        household_id: alert.householdId,
        step: order.step,
        round: order.round,
        audience: order.audience,
        channel: order.channel,
        fallback: JSON.stringify(order.fallback),
        state: 'due' as const,
        reason: null,
        attempts: 0,
        created_at: now,
        next_attempt_at: now,
        lease: null,
        delivered_at: null,
      })),
    )
    .onConflict((conflict) => conflict.columns(['alert_id', 'step', 'round', 'audience', 'channel']).doNothing())
    .execute();
}

/** What became of an attempt: the notice's new state, and when it is looked at again if it is not at its end. */
export type Outcome = {
  readonly notice: Notice;
  readonly state: Notice['state'];
  readonly reason: VerdictReason;
  /** One a destination; at least one, so that nobody is ever not told without a record. */
  readonly deliveries: readonly Omit<Delivery, 'id' | 'noticeId' | 'alertId' | 'channel'>[];
  readonly nextAttemptAt: number;
  /** The channel was not heard: the next one takes over with a notice of its own. */
  readonly passOn: boolean;
};

/** False when the notice has come to its end meanwhile: a console may have confirmed it, and its word stands. */
async function settleNotice(db: Db, { notice, state, reason, nextAttemptAt }: Outcome, now: number): Promise<boolean> {
  const updated = await db
    .updateTable('notice')
    .set({
      state,
      reason,
      attempts: notice.attempts + 1,
      next_attempt_at: nextAttemptAt,
      lease: null,
      delivered_at: state === 'delivered' ? now : null,
    })
    .where('id', '=', notice.id)
    .where('state', 'in', UNSETTLED)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

const deliveryRows = ({ notice, deliveries }: Outcome): Omit<Tables['delivery'], 'id'>[] =>
  deliveries.map((delivery) => ({
    notice_id: notice.id,
    alert_id: notice.alertId,
    household_id: notice.householdId,
    channel: notice.channel,
    destination: delivery.destination,
    attempted_at: delivery.attemptedAt,
    outcome: delivery.outcome,
    reason: delivery.reason,
    answer: delivery.answer,
  }));

function onNextChannel({ notice, passOn }: Outcome): Owed[] {
  const [channel, ...fallback] = notice.fallback;
  if (!passOn || !channel) return [];
  return [{ alert: { id: notice.alertId, householdId: notice.householdId }, order: { ...notice, channel, fallback } }];
}

export const noticeCommands = {
  /**
   * Takes notices whose time has come for `holder`, the most urgent alerts first. A lease lasts `leaseMs`: when its holder dies they
   * come due again, so that a crash sends twice rather than never.
   */
  leaseNotices: write(
    async (db, { holder, now, leaseMs, limit }: { holder: string; now: number; leaseMs: number; limit: number }) => {
      const due = await db
        .selectFrom('notice')
        .innerJoin('alert', 'alert.id', 'notice.alert_id')
        .select('notice.id')
        .where('notice.state', 'in', UNSETTLED)
        .where('notice.next_attempt_at', '<=', now)
        .orderBy('alert.priority')
        .orderBy('notice.next_attempt_at')
        .limit(limit)
        .execute();
      if (due.length === 0) return [];
      const leased = await db
        .updateTable('notice')
        .set({ lease: holder, next_attempt_at: now + leaseMs })
        .where(
          'id',
          'in',
          due.map((row) => row.id),
        )
        // Somebody may have leased or settled it since: on PostgreSQL this is another look.
        .where('state', 'in', UNSETTLED)
        .where('next_attempt_at', '<=', now)
        .returningAll()
        .execute();
      const order = new Map(due.map((row, index) => [row.id, index]));
      return leased.map(noticeOf).sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
    },
  ),

  /** What a holder of this name had in hand when it died comes due at once: it need not wait for its own former self. */
  takeUpAgain: write(async (db, { holder, now }: { holder: string; now: number }) => {
    await db
      .updateTable('notice')
      .set({ lease: null, next_attempt_at: now })
      .where('lease', '=', holder)
      .where('state', 'in', UNSETTLED)
      .execute();
  }),

  /** Asked again with the same `id` after a lost answer, it is the same record. */
  recordOutcomes: write(
    async (
      db,
      { id = randomUUID(), outcomes, now }: { id?: string; outcomes: readonly Outcome[]; now: number },
    ): Promise<void> => {
      if (outcomes.length === 0) return;
      const owed: Owed[] = [];
      for (const outcome of outcomes) if (await settleNotice(db, outcome, now)) owed.push(...onNextChannel(outcome));
      await db
        .insertInto('delivery')
        .values(outcomes.flatMap(deliveryRows).map((row, index) => ({ id: `${id} ${index}`, ...row })))
        // Written once more all the same: only a transaction that wrote waits for a standby.
        .onConflict((conflict) => conflict.column('id').doUpdateSet((e) => ({ answer: e.ref('excluded.answer') })))
        .execute();
      await insertNotices(db, owed, now);
    },
  ),

  /** A console's own word that it has shown these: what of them were console notices are delivered. */
  confirmShown: write(async (db, { noticeIds, by, now }: { noticeIds: readonly string[]; by: string; now: number }) => {
    if (noticeIds.length === 0) return 0;
    const confirmed = await db
      .updateTable('notice')
      .set({ state: 'delivered', reason: 'sent', delivered_at: now, lease: null })
      .where('id', 'in', noticeIds)
      .where('channel', '=', 'console')
      .where('state', 'in', UNSETTLED)
      .returningAll()
      .execute();
    for (const row of confirmed) {
      await db
        .insertInto('delivery')
        .values({
          id: randomUUID(),
          notice_id: row.id,
          alert_id: row.alert_id,
          household_id: row.household_id,
          channel: 'console',
          destination: by,
          attempted_at: now,
          outcome: 'sent',
          reason: 'sent',
          answer: 'shown',
        })
        .execute();
    }
    return confirmed.length;
  }),

  /** Gives leases back without an attempt: their destination has no room at the moment. */
  putBack: write(async (db, { noticeIds, until }: { noticeIds: readonly string[]; until: number }) => {
    if (noticeIds.length === 0) return;
    await db
      .updateTable('notice')
      .set({ lease: null, next_attempt_at: until })
      .where('id', 'in', noticeIds)
      .where('state', 'in', UNSETTLED)
      .execute();
  }),
};
