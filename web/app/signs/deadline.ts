import type { Alert } from '../../../domain/alert.ts';
import { seconds } from '../../../domain/time.ts';

/** What the clock of an alert runs towards: `tell` the next rung of the plan, being on site, or being closed. */
export type Deadline = {
  readonly kind: 'tell' | 'attend' | 'close';
  readonly from: number;
  readonly to: number;
  /** The promised time has passed and the deadline is already a repetition. */
  readonly late: boolean;
};

type Timed = Pick<Alert, 'state' | 'nextDue' | 'plan' | 'step' | 'raisedAt' | 'takenAt' | 'attendedAt'>;

export function deadlineOf(alert: Timed): Deadline | null {
  const to = alert.nextDue;
  if (to === null) return null;
  const repeat = seconds(alert.plan.repeatSeconds);
  switch (alert.state) {
    case 'open': {
      const [told, next] = [alert.plan.steps[alert.step], alert.plan.steps[alert.step + 1]];
      const span = next ? seconds(next.afterSeconds - (told?.afterSeconds ?? 0)) : repeat;
      return { kind: 'tell', from: to - span, to, late: !next };
    }
    case 'taken':
    case 'attended': {
      const kind = alert.state === 'taken' ? 'attend' : 'close';
      const began = alert.attendedAt ?? alert.takenAt ?? alert.raisedAt;
      const promised = seconds(kind === 'attend' ? alert.plan.attendSeconds : alert.plan.closeSeconds);
      const late = to - began > promised + 1_000;
      return { kind, from: late ? to - repeat : to - promised, to, late };
    }
    case 'closed':
      return null;
    default:
      return alert.state satisfies never;
  }
}

/** The share of a deadline that is left, 1 to 0. */
export const left = ({ from, to }: Deadline, now: number): number =>
  Math.min(1, Math.max(0, (to - now) / Math.max(1, to - from)));
