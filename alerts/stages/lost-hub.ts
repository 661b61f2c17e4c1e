import { GO, hold, type Stage } from '../stage.ts';

/** Behind a hub that is lost all its devices are silent; the one alert about the hub says so. */
export const lostHub: Stage = ({ alert, hubLost }) =>
  hubLost && alert.category === 'device_lost' ? hold('hub_lost') : GO;
