import { connectAsync } from 'mqtt';
import type { HubLine } from '../device-sim/hubs-csv.ts';
import { type Latencies, latencies } from '../device-sim/latency.ts';
import type { Person } from '../test/person.ts';
import { until } from '../test/system.ts';
import type { QueueAnswer } from '../web/wire/alert.ts';
import { openDesk } from './desk.ts';

const PRESSES_A_SECOND = 10;
const HEARD_WITHIN_MS = 60_000;

type Where = { readonly mqttPort: number; readonly httpUrl: string };

export type Presses = {
  /** From the publish to the desk's frame, ms, until told to end. */
  readonly until: (signal: AbortSignal) => Promise<Latencies>;
  readonly close: () => Promise<void>;
};

/** One button that is pressed again and again beside a load, and a desk that shows its alert. To be opened before anybody else presses. */
export async function openPresses(where: Where, owner: Person, hub: HubLine): Promise<Presses> {
  const { clientId, username, password } = hub;
  const client = await connectAsync(`mqtt://127.0.0.1:${where.mqttPort}`, { clientId, username, password });
  const readings = [{ kind: 'sos', device: 'button', value: true }];
  const press = (seq: number) =>
    client.publishAsync(
      hub.topic.replace(/\/up$/, '/emergency'),
      JSON.stringify({ boot: 'bench', seq, ts: new Date().toISOString(), readings }),
      { qos: 1 },
    );
  await press(0);
  const [first] = await until('the first alert', async () => {
    const { alerts } = await owner.get<QueueAnswer>('/alerts?limit=500');
    return alerts.length > 0 && alerts.filter(({ householdName }) => householdName === '测试家庭 1');
  });
  if (!first) throw new Error('the pressed button raised no alert of its household');
  const alertId = first.id;
  let seq = 0;
  async function pressUntil(signal: AbortSignal): Promise<Latencies> {
    const times = latencies();
    const desk = await openDesk(where.httpUrl, owner.cookie);
    while (!signal.aborted) {
      const heard = desk.heard(alertId, HEARD_WITHIN_MS);
      const from = performance.now();
      await press(++seq);
      times.add((await heard) - from);
      await new Promise((resolve) => setTimeout(resolve, 1_000 / PRESSES_A_SECOND));
    }
    desk.close();
    return times;
  }
  return { until: pressUntil, close: () => client.endAsync() };
}
