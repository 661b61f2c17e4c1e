import { connectAsync, type MqttClient } from 'mqtt';
import type { HubLine } from '../../device-sim/hubs-csv.ts';
import { until } from '../system.ts';

/** A hub's connection; one that has just been registered may be unknown to the door for another half second. */
export const dial = (port: number, { clientId, username, password }: Omit<HubLine, 'topic'>): Promise<MqttClient> =>
  until('a registered hub to be let in', () =>
    connectAsync(`mqtt://127.0.0.1:${port}`, { clientId, username, password }).catch(() => null),
  );
