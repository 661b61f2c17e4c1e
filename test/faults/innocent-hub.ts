import { latencies } from '../../device-sim/latency.ts';
import { letIn } from './let-in.ts';
import type { Credential } from './mutated-packets/seeds.ts';

const EVERY_MS = 100;
/** One message in so many is a press of the button. */
const PRESS_EVERY = 25;

export type Innocence = {
  readonly said: number;
  readonly acked: number;
  /** Presses of its button that were acknowledged, each of which must be an occurrence of its alert. */
  readonly pressed: number;
  /** Times that its connection ended before it did so itself. */
  readonly cutOff: number;
  readonly p99Ms: number;
};

/** A hub that does nothing wrong while others do: speaks ten times a second, and calls for help now and then. */
export async function innocentHub(
  port: number,
  { clientId, key }: Credential,
): Promise<{ readonly stop: () => Promise<Innocence> }> {
  const client = await letIn(port, { clientId, key });
  const took = latencies();
  const answers: Promise<void>[] = [];
  let seq = 0;
  let acked = 0;
  let pressed = 0;
  let cutOff = 0;
  let leaving = false;
  client.on('close', () => {
    if (!leaving) cutOff++;
  });
  client.on('error', () => {});

  const speak = async (): Promise<void> => {
    const press = ++seq % PRESS_EVERY === 0;
    const reading = press ? { kind: 'sos', device: 'button' } : { kind: 'motion', device: 'hall', value: true };
    const now = new Date().toISOString();
    const message = JSON.stringify({ boot: 'innocent', seq, ts: now, sent: now, readings: [reading] });
    const from = performance.now();
    await client.publishAsync(`sw/${clientId}/${press ? 'emergency' : 'up'}`, message, { qos: 1 }).catch(() => null);
    if (!client.connected) return;
    took.add(performance.now() - from);
    acked++;
    if (press) pressed++;
  };
  const speaking = setInterval(() => answers.push(speak()), EVERY_MS);

  return {
    async stop() {
      clearInterval(speaking);
      const late = new Promise((resolve) => setTimeout(resolve, 30_000).unref());
      await Promise.race([Promise.all(answers), late]);
      leaving = true;
      await client.endAsync(true);
      return { said: seq, acked, pressed, cutOff, p99Ms: Math.round(took.quantile(0.99)) };
    },
  };
}
