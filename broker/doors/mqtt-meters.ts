import type { Metrics } from '../../runtime/metrics.ts';
import type { Refusal } from './mqtt-refusal.ts';

/** Why the server ended a connection, a word from a closed list. */
export type Ending = 'revoked' | 'oversize' | 'frozen' | 'silent' | 'late' | 'protocol' | 'moved' | 'failed';

/** Each limit of the door is seen from outside. */
export function doorMeters(metrics: Metrics, count: { readonly connections: () => number; inFlight: () => number }) {
  const refused = metrics.counter('shouwang_mqtt_refused_total', 'Connections refused', ['reason']);
  const ended = metrics.counter('shouwang_mqtt_ended_total', 'Connections ended by the server', ['reason']);
  const slowed = metrics.counter('shouwang_mqtt_slowed_total', 'Answers held back because a hub was over its rate');
  const paused = metrics.counter('shouwang_mqtt_paused_total', 'Sockets not read because too much waits for the disk');
  metrics.gauge('shouwang_mqtt_connections', 'Open MQTT connections', count.connections);
  metrics.gauge('shouwang_mqtt_in_flight', 'Publishes that wait for their answer', count.inFlight);
  return {
    refused: (reason: Refusal) => refused.inc({ reason }),
    ended: (reason: Ending) => ended.inc({ reason }),
    slowed: () => slowed.inc(),
    paused: () => paused.inc(),
  };
}
