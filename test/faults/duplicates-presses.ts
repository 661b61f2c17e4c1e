import type { MqttClient } from 'mqtt';
import type { Desk } from '../../bench/desk.ts';
import { latencies } from '../../device-sim/latency.ts';
import { seconds } from '../../domain/time.ts';

/** From the press to its PUBACK (an alert on disk) and to the desk's frame, ms. */
export type Pressed = {
  readonly presses: number;
  readonly ackP99Ms: number;
  readonly deskP99Ms: number;
  readonly slowestMs: number;
};

const EVERY_MS = 100;

/** Presses again and again until `signal`, always with a number of its own, and times each. */
export async function pressUntil(
  signal: AbortSignal,
  {
    client,
    topic,
    desk,
    alertId,
    boot,
  }: { client: MqttClient; topic: string; desk: Desk; alertId: string; boot: string },
): Promise<Pressed> {
  const [acked, shown] = [latencies(), latencies()];
  let presses = 0;
  while (!signal.aborted) {
    const heard = desk.heard(alertId, seconds(60));
    const from = performance.now();
    const body = {
      boot,
      seq: presses++,
      ts: Date.now(),
      sent: Date.now(),
      readings: [{ kind: 'sos', device: 'button', value: true }],
    };
    await client.publishAsync(topic, JSON.stringify(body), { qos: 1 });
    acked.add(performance.now() - from);
    shown.add((await heard) - from);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  return {
    ...{ presses, ackP99Ms: acked.quantile(0.99), deskP99Ms: shown.quantile(0.99) },
    slowestMs: Math.max(acked.quantile(1), shown.quantile(1)),
  };
}
