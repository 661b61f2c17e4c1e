import { GO, hold, type Stage } from '../stage.ts';

/**
 * A call for help ends when somebody has the alert in hand. Not so what was ordered after that: it is about something that happened
 * again, or that is overdue. The family is not asked to act but told what happened, which stays true.
 */
export const inHand: Stage = ({ alert, notice }) => {
  if (alert.state === 'closed') return hold('alert_closed');
  if (alert.state === 'open' || notice.audience === 'family') return GO;
  return alert.takenAt !== null && notice.createdAt < alert.takenAt ? hold('alert_in_hand') : GO;
};
