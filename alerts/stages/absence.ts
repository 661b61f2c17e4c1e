import type { Category } from '../../domain/category.ts';
import { GO, hold, type Stage } from '../stage.ts';
import { technical } from './technical.ts';

/** What an empty home looks like. Vital signs are not in it: who measures them is there. */
const activity: readonly Category[] = ['inactivity', 'door_open'];

/** Nobody is at home for a time, or nobody lives there for now; then what was unplugged is no matter either. */
export const absence: Stage = ({ alert, household, pauses }) => {
  const empty = household.mode === 'paused';
  const away = empty || pauses.includes('absence');
  const mute = (away && activity.includes(alert.category)) || (empty && technical.includes(alert.category));
  return mute ? hold('absent_resident') : GO;
};
