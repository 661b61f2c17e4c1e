import { SYSTEM_HOUSEHOLD } from '../../domain/household.ts';
import { GO, hold, type Stage } from '../stage.ts';

/** Of one household to one audience within an hour; a person who gets more reads none. */
export const NOTICES_AN_HOUR = 20;

/** Only new notices are counted out: one that is under way goes on. The system's own incidents are never too many to be heard. */
export const rate: Stage = ({ household, notice, toldLastHour }) =>
  notice.attempts === 0 && household.id !== SYSTEM_HOUSEHOLD && toldLastHour >= NOTICES_AN_HOUR ? hold('rate') : GO;
