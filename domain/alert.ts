import * as z from 'zod';
import { categories, category, priority } from './category.ts';
import { evidence, type Finding, type Sentence, sentence } from './finding.ts';
import type { NoticeOrder } from './notice.ts';
import { type Audience, type Plan, plan, type Step } from './plan.ts';
import { seconds } from './time.ts';

export const alertState = z.enum(['open', 'taken', 'attended', 'closed']);
export type AlertState = z.infer<typeof alertState>;

/** How an alert ended. `recovered` is for technical alerts whose cause went away. */
export const disposition = z.enum([
  'real_emergency',
  'assistance_given',
  'no_assistance_needed',
  'accidental',
  'test',
  'device_fault',
  'environment',
  'resident_absent',
  'no_contact_made',
  'recovered',
  'other',
]);
export type Disposition = z.infer<typeof disposition>;

export const alert = z.object({
  id: z.string(),
  householdId: z.string(),
  category,
  subject: z.string(),
  priority,
  state: alertState,
  /** Grows with every change; a change names the version it was decided on. */
  version: z.number().int(),
  /** The version at which its last cause came: nobody closes what they have not seen. */
  occurrenceVersion: z.number().int(),
  rule: z.string(),
  sentence,
  evidence,
  plan,
  /** The rung of the plan that was told last, and the round of the last rung. */
  step: z.number().int(),
  round: z.number().int(),
  occurrences: z.number().int(),
  happenedAt: z.number(),
  raisedAt: z.number(),
  delayMs: z.number(),
  lastOccurrenceAt: z.number(),
  /** When Shouwang must act if no person has; null only when closed. */
  nextDue: z.number().nullable(),
  takenAt: z.number().nullable(),
  takenBy: z.string().nullable(),
  attendedAt: z.number().nullable(),
  closedAt: z.number().nullable(),
  disposition: disposition.nullable(),
});
export type Alert = z.infer<typeof alert>;

/** What happened to an alert, in order; the record that answers who did what and when. */
export const alertEventKind = z.enum([
  'raised',
  'occurred',
  'told',
  'taken',
  'attended',
  'closed',
  'reopened',
  'commented',
  'attend_overdue',
  'close_overdue',
  'cause_ended',
]);
export type AlertEventKind = z.infer<typeof alertEventKind>;

export const alertEvent = z.object({
  alertId: z.string(),
  version: z.number().int(),
  kind: alertEventKind,
  at: z.number(),
  /** A user's id; null when Shouwang itself acted. */
  by: z.string().nullable(),
  /** A person's own words; of Shouwang's own events the rule's name (raised) or the audiences (told). */
  text: z.string(),
  /** What Shouwang says of it: what happened again, how the cause ended. */
  said: sentence.nullable(),
});
export type AlertEvent = z.infer<typeof alertEvent>;

/** A decision about an alert: the columns that change, the event that says so, and whom to tell. */
export type Change = {
  readonly patch: Partial<Alert>;
  readonly event: Pick<AlertEvent, 'kind' | 'text'> & { readonly said?: Sentence };
  readonly notices: readonly NoticeOrder[];
};

function ordersOf(step: Step, index: number, round: number): NoticeOrder[] {
  const [channel, ...fallback] = step.channels;
  if (!channel) return [];
  return step.tell.map((audience) => ({ step: index, round, audience, channel, fallback }));
}

/** When the rung after `index` is due; the last one repeats. One that was raised by a clock since set back was raised now at the latest. */
function dueAfter(plan: Plan, index: number, raisedAt: number, now: number): number {
  const next = plan.steps[index + 1];
  return next ? Math.max(Math.min(raisedAt, now) + seconds(next.afterSeconds), now) : now + seconds(plan.repeatSeconds);
}

/** A new alert from a finding, with its first deadline; rungs that are due at once are told at once. */
export function raise(
  finding: Finding,
  subject: string,
  plan: Plan,
  id: string,
  now: number,
): { alert: Alert; notices: readonly NoticeOrder[] } {
  const first = plan.steps[0];
  const immediate = first !== undefined && first.afterSeconds === 0;
  return {
    alert: {
      id,
      householdId: finding.householdId,
      category: finding.category,
      subject,
      priority: categories[finding.category].priority,
      state: 'open',
      version: 1,
      occurrenceVersion: 1,
      rule: finding.rule,
      sentence: finding.sentence,
      evidence: finding.evidence,
      plan,
      step: immediate ? 0 : -1,
      round: 0,
      occurrences: 1,
      happenedAt: finding.at,
      raisedAt: now,
      delayMs: finding.delayMs,
      lastOccurrenceAt: now,
      nextDue: dueAfter(plan, immediate ? 0 : -1, now, now),
      takenAt: null,
      takenBy: null,
      attendedAt: null,
      closedAt: null,
      disposition: null,
    },
    notices: immediate ? ordersOf(first, 0, 0) : [],
  };
}

/** Of these audiences, those that the plan tells at all: nobody is troubled with what is not theirs. */
function known(plan: Plan, audiences: readonly Audience[]): Audience[] {
  return audiences.filter((audience) => plan.steps.some((step) => step.tell.includes(audience)));
}

/** One more telling of an alert that is in hand; a round of its own, so that it is not taken for one that was told already. */
function tellAgain(alert: Alert, audiences: readonly Audience[]): { round: number; notices: readonly NoticeOrder[] } {
  const round = alert.round + 1;
  const step: Step = { afterSeconds: 0, tell: [...audiences], channels: ['console', 'webhook'] };
  return { round, notices: ordersOf(step, Math.max(alert.step, 0), round) };
}

/**
 * Something happened again on an unclosed alert. When somebody has a life-critical one in hand, the desks (one of which took it) are
 * told again; one that was attended must be attended anew, since whoever was there may have left.
 */
export function recur(alert: Alert, finding: Finding, now: number): Change {
  const patch = { occurrences: alert.occurrences + 1, lastOccurrenceAt: now, occurrenceVersion: alert.version + 1 };
  const event = { kind: 'occurred', text: '', said: finding.sentence } as const;
  const inHand = alert.state === 'taken' || alert.state === 'attended';
  if (!inHand || !categories[alert.category].critical) return { patch, event, notices: [] };
  const desks = known(alert.plan, ['station', 'hotline']);
  const { round, notices } = tellAgain(alert, desks.length > 0 ? desks : known(alert.plan, ['family', 'owner']));
  const attendBy = now + seconds(alert.plan.attendSeconds);
  return {
    patch: { ...patch, round, state: 'taken', nextDue: Math.min(alert.nextDue ?? attendBy, attendBy) },
    event,
    notices,
  };
}

/** What a passed deadline means: the next rung; or, in hand but not attended or not closed, the desks and the owner again. */
export function escalate(alert: Alert, now: number): Change | null {
  if (alert.nextDue === null || alert.nextDue > now) return null;
  switch (alert.state) {
    case 'open': {
      const last = alert.plan.steps.length - 1;
      const index = Math.min(alert.step + 1, last);
      const rung = alert.plan.steps[index];
      if (!rung) throw new Error(`alert ${alert.id} has a plan without steps`);
      const round = alert.step === last ? alert.round + 1 : 0;
      return {
        patch: { step: index, round, nextDue: dueAfter(alert.plan, index, alert.raisedAt, now) },
        event: { kind: 'told', text: rung.tell.join(' ') },
        notices: ordersOf(rung, index, round),
      };
    }
    case 'taken':
    case 'attended': {
      const { round, notices } = tellAgain(alert, known(alert.plan, ['station', 'hotline', 'owner']));
      return {
        patch: { round, nextDue: now + seconds(alert.plan.repeatSeconds) },
        event: { kind: alert.state === 'taken' ? 'attend_overdue' : 'close_overdue', text: '' },
        notices,
      };
    }
    case 'closed':
      return null;
    default:
      throw new Error(alert.state satisfies never);
  }
}

export const alertAction = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('take') }),
  z.object({ kind: z.literal('attend') }),
  z.object({ kind: z.literal('close'), disposition, text: z.string().max(2_000).default('') }),
  z.object({ kind: z.literal('reopen'), text: z.string().max(2_000).default('') }),
  z.object({ kind: z.literal('comment'), text: z.string().min(1).max(2_000) }),
]);
export type AlertAction = z.infer<typeof alertAction>;

/** Why an action cannot be done as things stand. */
export type Refusal =
  | 'already_taken'
  | 'already_closed'
  | 'not_closed'
  | 'taken_by_another'
  | 'newer_alert_open'
  | 'happened_again';

/** Reopening is for mistakes; what happens later is a new alert. */
export const REOPEN_WITHIN_MS = 600_000;

/**
 * A person acts, having seen the alert at `seenVersion`. Taking sets the attend deadline, attending sets the close deadline, closing ends them.
 * Attending or closing an alert that nobody took takes it as well: what a helper on site does must never be refused for form.
 */
export function act(
  alert: Alert,
  action: AlertAction,
  by: string,
  seenVersion: number,
  now: number,
): Change | { readonly refusal: Refusal } {
  const told = { notices: [] };
  const inHand = { takenAt: alert.takenAt ?? now, takenBy: alert.takenBy ?? by };
  switch (action.kind) {
    case 'take':
      if (alert.state === 'closed') return { refusal: 'already_closed' };
      if (alert.state !== 'open') return { refusal: alert.takenBy === by ? 'already_taken' : 'taken_by_another' };
      return {
        patch: { state: 'taken', takenAt: now, takenBy: by, nextDue: now + seconds(alert.plan.attendSeconds) },
        event: { kind: 'taken', text: '' },
        ...told,
      };
    case 'attend':
      if (alert.state === 'closed') return { refusal: 'already_closed' };
      if (alert.state === 'attended') return { refusal: 'already_taken' };
      return {
        patch: { ...inHand, state: 'attended', attendedAt: now, nextDue: now + seconds(alert.plan.closeSeconds) },
        event: { kind: 'attended', text: '' },
        ...told,
      };
    case 'close':
      if (alert.state === 'closed') return { refusal: 'already_closed' };
      if (seenVersion < alert.occurrenceVersion) return { refusal: 'happened_again' };
      return {
        patch: { ...inHand, state: 'closed', closedAt: now, disposition: action.disposition, nextDue: null },
        event: { kind: 'closed', text: action.text },
        ...told,
      };
    case 'reopen':
      if (alert.state !== 'closed' || alert.closedAt === null) return { refusal: 'not_closed' };
      if (now - alert.closedAt > REOPEN_WITHIN_MS) return { refusal: 'already_closed' };
      return {
        patch: {
          state: 'taken',
          takenBy: by,
          closedAt: null,
          disposition: null,
          nextDue: now + seconds(alert.plan.attendSeconds),
        },
        event: { kind: 'reopened', text: action.text },
        ...told,
      };
    case 'comment':
      return { patch: {}, event: { kind: 'commented', text: action.text }, ...told };
    default:
      throw new Error(action satisfies never);
  }
}

/** The cause of a technical alert went away: it closes by itself unless a person has it in hand, who is told by the record. */
export function causeEnded(alert: Alert, said: Sentence, now: number): Change {
  const byItself = categories[alert.category].recovers && alert.state === 'open';
  return {
    patch: byItself ? { state: 'closed', closedAt: now, disposition: 'recovered', nextDue: null } : {},
    event: { kind: byItself ? 'closed' : 'cause_ended', text: '', said },
    notices: [],
  };
}
