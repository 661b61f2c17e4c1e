import { GO, hold, type Stage } from '../stage.ts';

/**
 * What could not be delivered yet is dropped once a later notice tells the same audience the same thing, so that a receiver that
 * comes back hears of an alert once and not once a round. The latest one always goes on, so it silences nothing.
 */
export const duplicate: Stage = ({ toldLater }) => (toldLater ? hold('duplicate') : GO);
