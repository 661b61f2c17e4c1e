import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import {
  type Alert,
  type AlertAction,
  act,
  type Change,
  causeEnded,
  escalate,
  type Refusal,
  raise,
  recur,
} from '../domain/alert.ts';
import { categories } from '../domain/category.ts';
import { type Finding, type Recovery, subjectOf } from '../domain/finding.ts';
import { type PlanOverrides, planFor } from '../domain/plan.ts';
import { Met, read, write } from './command.ts';
import { tellTaken } from './down-link.ts';
import { insertNotices } from './notice.ts';
import type { Db, Tables } from './schema.ts';

type Row = Tables['alert'];

export const alertOf = (row: Row): Alert => ({
  id: row.id,
  householdId: row.household_id,
  category: row.category,
  subject: row.subject,
  priority: row.priority,
  state: row.state,
  version: row.version,
  occurrenceVersion: row.occurrence_version,
  rule: row.rule,
  sentence: JSON.parse(row.sentence),
  evidence: JSON.parse(row.evidence),
  plan: JSON.parse(row.plan),
  step: row.step,
  round: row.round,
  occurrences: row.occurrences,
  happenedAt: row.happened_at,
  raisedAt: row.raised_at,
  delayMs: row.delay_ms,
  lastOccurrenceAt: row.last_occurrence_at,
  nextDue: row.next_due,
  takenAt: row.taken_at,
  takenBy: row.taken_by,
  attendedAt: row.attended_at,
  closedAt: row.closed_at,
  disposition: row.disposition,
});

/** The columns that a change may change; what the alert is about stays as it was raised. */
const changing = (alert: Alert) => ({
  state: alert.state,
  version: alert.version,
  occurrence_version: alert.occurrenceVersion,
  step: alert.step,
  round: alert.round,
  occurrences: alert.occurrences,
  last_occurrence_at: alert.lastOccurrenceAt,
  next_due: alert.nextDue,
  taken_at: alert.takenAt,
  taken_by: alert.takenBy,
  attended_at: alert.attendedAt,
  closed_at: alert.closedAt,
  disposition: alert.disposition,
});

const rowOf = (alert: Alert): Row => ({
  id: alert.id,
  household_id: alert.householdId,
  category: alert.category,
  subject: alert.subject,
  priority: alert.priority,
  rule: alert.rule,
  sentence: JSON.stringify(alert.sentence),
  evidence: JSON.stringify(alert.evidence),
  plan: JSON.stringify(alert.plan),
  happened_at: alert.happenedAt,
  raised_at: alert.raisedAt,
  delay_ms: alert.delayMs,
  ...changing(alert),
});

type Decision = { readonly alert: Alert; readonly decided: Change };

/** Puts decisions into effect if the alerts are still as they were when it was decided; otherwise the transaction is run again. */
async function changeAll(
  db: Db,
  decisions: readonly Decision[],
  by: string | null,
  now: number,
): Promise<readonly Alert[]> {
  const after = decisions.map(
    ({ alert, decided }): Alert => ({ ...alert, ...decided.patch, version: alert.version + 1 }),
  );
  for (const alert of after) {
    const updated = await db
      .updateTable('alert')
      .set(changing(alert))
      .where('id', '=', alert.id)
      .where('version', '=', alert.version - 1)
      .executeTakeFirst();
    if (updated.numUpdatedRows !== 1n) throw new Met(`alert ${alert.id} changed before version ${alert.version}`);
  }
  await insertEvents(
    db,
    decisions.map(({ alert, decided }) => ({ ...decided.event, alert, version: alert.version + 1 })),
    by,
    now,
  );
  await insertNotices(
    db,
    decisions.flatMap(({ alert, decided }) => decided.notices.map((order) => ({ alert, order }))),
    now,
  );
  return after;
}

async function change(db: Db, alert: Alert, decided: Change, by: string | null, now: number): Promise<Alert> {
  const [after] = await changeAll(db, [{ alert, decided }], by, now);
  return after ?? alert;
}

type Event = Change['event'] & { readonly alert: Alert; readonly version: number };

async function insertEvents(db: Db, events: readonly Event[], by: string | null, at: number): Promise<void> {
  if (events.length === 0) return;
  await db
    .insertInto('alert_event')
    .values(
      events.map(({ alert, version, kind, text, said }) => ({
        alert_id: alert.id,
        version,
        household_id: alert.householdId,
        kind,
        at,
        by_user: by,
        text,
        said: said ? JSON.stringify(said) : null,
      })),
    )
    .execute();
}

/**
 * The unclosed alert about this, kept for this transaction: an update that changes nothing is the row lock that both engines have, so
 * that those who meet on one alert go one after the other instead of starting over and over again.
 */
const openAlert = (db: Db, householdId: string, category: Row['category'], subject: string) =>
  db
    .updateTable('alert')
    .set((e) => ({ version: e.ref('version') }))
    .where('household_id', '=', householdId)
    .where('category', '=', category)
    .where('subject', '=', subject)
    .where('state', '<>', sql.lit('closed'))
    .returningAll()
    .executeTakeFirst();

async function roomOf(db: Db, finding: Pick<Finding, 'householdId' | 'about' | 'category'>): Promise<string> {
  if (categories[finding.category].subject !== 'room') return '';
  const found = await db
    .selectFrom('device')
    .select('room')
    .where('household_id', '=', finding.householdId)
    .where('hub_id', '=', finding.about.hubId)
    .where('key', '=', finding.about.device)
    .executeTakeFirst();
  return found?.room ?? '';
}

/** One open alert per household, category and subject: a finding opens it or is one more occurrence. Null when this cause is known already. */
export async function raiseFinding(db: Db, finding: Finding, now: number): Promise<Alert | null> {
  const subject = subjectOf(finding.category, finding.about, await roomOf(db, finding));
  const row = await openAlert(db, finding.householdId, finding.category, subject);
  const id = row?.id ?? randomUUID();
  const fresh = await db
    .insertInto('occurrence')
    .values({
      household_id: finding.householdId,
      key: finding.occurrenceKey,
      alert_id: id,
      at: finding.at,
      delay_ms: finding.delayMs,
      text: JSON.stringify(finding.sentence),
    })
    .onConflict((conflict) => conflict.columns(['household_id', 'key']).doNothing())
    .executeTakeFirst();
  if (fresh.numInsertedOrUpdatedRows !== 1n) return null;
  if (row) {
    const existing = alertOf(row);
    return change(db, existing, recur(existing, finding, now), null, now);
  }

  const overrides = await db
    .selectFrom('household')
    .select('plans')
    .where('id', '=', finding.householdId)
    .executeTakeFirst();
  const plans: PlanOverrides = JSON.parse(overrides?.plans ?? '{}');
  const { alert, notices } = raise(finding, subject, planFor(finding.category, plans), id, now);
  const inserted = await db
    .insertInto('alert')
    .values(rowOf(alert))
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows !== 1n)
    throw new Met(`another opened ${finding.category} of ${finding.householdId}`);
  await insertEvents(db, [{ kind: 'raised', text: finding.rule, alert, version: alert.version }], null, now);
  await insertNotices(
    db,
    notices.map((order) => ({ alert, order })),
    now,
  );
  return alert;
}

/** The cause of a technical alert is gone; nothing happens when no such alert is open, or when that was the last thing said of it. */
export async function recoverFinding(db: Db, recovery: Recovery, now: number): Promise<Alert | null> {
  const row = await openAlert(
    db,
    recovery.householdId,
    recovery.category,
    subjectOf(recovery.category, recovery.about, await roomOf(db, recovery)),
  );
  if (!row || row.raised_at > now) return null;
  const alert = alertOf(row);
  const said = await db
    .selectFrom('alert_event')
    .select('kind')
    .where('alert_id', '=', alert.id)
    .where('version', '=', alert.version)
    .executeTakeFirst();
  if (said?.kind === 'cause_ended') return null;
  return change(db, alert, causeEnded(alert, recovery.sentence, now), null, now);
}

export type Acted = { readonly alert: Alert; readonly refusal: Refusal | null };

export const alertCommands = {
  /** Raises findings that come from neither packet nor processor: Shouwang's own incidents. */
  raise: write(async (db, { findings, now }: { findings: readonly Finding[]; now: number }) => {
    const raised: Alert[] = [];
    for (const finding of findings) {
      const alert = await raiseFinding(db, finding, now);
      if (alert) raised.push(alert);
    }
    return raised;
  }),

  recover: write(async (db, { recoveries, now }: { recoveries: readonly Recovery[]; now: number }) => {
    for (const recovery of recoveries) await recoverFinding(db, recovery, now);
  }),

  /** Null when there is no such alert. A refusal changes nothing and gives the alert as it is. */
  act: write(
    async (
      db,
      {
        alertId,
        action,
        by,
        seenVersion,
        now,
      }: { alertId: string; action: AlertAction; by: string; seenVersion: number; now: number },
    ): Promise<Acted | null> => {
      const row = await db
        .updateTable('alert')
        .set((e) => ({ version: e.ref('version') }))
        .where('id', '=', alertId)
        .returningAll()
        .executeTakeFirst();
      if (!row) return null;
      const alert = alertOf(row);
      if (action.kind === 'reopen' && (await openAlert(db, alert.householdId, alert.category, alert.subject))) {
        return { alert, refusal: alert.state === 'closed' ? 'newer_alert_open' : 'not_closed' };
      }
      const decided = act(alert, action, by, seenVersion, now);
      if ('refusal' in decided) return { alert, refusal: decided.refusal };
      const after = await change(db, alert, decided, by, now);
      if (alert.state === 'open' && after.takenBy !== null && after.state !== 'closed') await tellTaken(db, after, now);
      return { alert: after, refusal: null };
    },
  ),

  /** Lets passed deadlines have their consequence, at most `limit` at a time, the most urgent first; gives how late each was, ms. */
  escalateDue: write(async (db, { now, limit }: { now: number; limit: number }) => {
    const rows = await db
      .selectFrom('alert')
      .selectAll()
      .where('state', '<>', sql.lit('closed'))
      .where('next_due', '<=', now)
      .orderBy('priority')
      .orderBy('next_due')
      .limit(limit)
      .execute();
    const decisions = rows.map(alertOf).flatMap((alert): Decision[] => {
      const decided = escalate(alert, now);
      return decided ? [{ alert, decided }] : [];
    });
    await changeAll(db, decisions, null, now);
    return rows.map((row) => now - (row.next_due ?? now));
  }),

  /** When the next deadline of any alert passes; null when none is open. */
  nextDue: read(async (db, _: null) => {
    const found = await db
      .selectFrom('alert')
      .select((e) => e.fn.min('next_due').as('at'))
      .where('state', '<>', sql.lit('closed'))
      .executeTakeFirst();
    return found?.at ?? null;
  }),
};
