import { connectAsync, type MqttClient } from 'mqtt';
import { until } from '../system.ts';

/** Connects a hub as soon as the front door knows it: what was just registered takes it a moment. It does not redial by itself. */
export const letIn = (
  port: number,
  { clientId, key }: { readonly clientId: string; readonly key: string },
): Promise<MqttClient> =>
  until(`${clientId} to be let in`, () =>
    connectAsync({
      ...{ host: '127.0.0.1', port, protocol: 'mqtt', clientId, username: clientId, password: key },
      ...{ reconnectPeriod: 0, keepalive: 30 },
    }).catch(() => null),
  );
