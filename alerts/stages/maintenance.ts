import { GO, hold, type Stage } from '../stage.ts';
import { technical } from './technical.ts';

/** Somebody works on the equipment of this home. */
export const maintenance: Stage = ({ alert, pauses }) =>
  pauses.includes('maintenance') && technical.includes(alert.category) ? hold('maintenance') : GO;
