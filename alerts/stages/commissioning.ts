import { GO, hold, type Stage } from '../stage.ts';

/**
 * A home that is being installed is not watched yet: its installer presses every button and holds smoke under every alarm. This holds
 * for emergencies too, since a station that is called for each of them stops believing; the alert stands, and each time that
 * nobody was told is on record.
 */
export const commissioning: Stage = ({ household }) =>
  household.mode === 'commissioning' ? hold('commissioning') : GO;
