import type { MqttClient } from 'mqtt';
import type { Dice } from '../../device-sim/dice.ts';
import { seconds } from '../../domain/time.ts';

const COPIES = 3;
const REORDERED_MS = seconds(60);
const APART_MS = seconds(1);
/** Every so many messages one is a press, one a blood pressure. */
const PRESS_EVERY = 40;
const PRESSURE_EVERY = 7;

/** What a home has said once all copies of it are one. */
export type Said = {
  readonly messages: number;
  readonly sum: number;
  readonly pressures: number;
  readonly presses: number;
};

const readingsOf = (n: number): readonly object[] => [
  { kind: 'temperature', device: 'air', value: n % 50 },
  ...(n % PRESSURE_EVERY === 0 ? [{ kind: 'systolic', device: 'cuff', value: 120 }] : []),
  ...(n % PRESS_EVERY === 0 ? [{ kind: 'sos', device: 'button', value: true }] : []),
];

/** As many messages, each of which comes three times and each copy up to a minute later than it should. */
export async function saysThrice(client: MqttClient, topic: string, messages: number, chance: Dice): Promise<Said> {
  const begunAt = Date.now() - messages * APART_MS;
  const copies = Array.from({ length: messages * COPIES }, (_, i) => {
    const n = Math.floor(i / COPIES);
    return { n, at: n * APART_MS + chance.between(0, REORDERED_MS) };
  }).sort((a, b) => a.at - b.at);
  const sent = copies.map(({ n }) => {
    const times = { ts: begunAt + n * APART_MS, sent: Date.now() };
    return client.publishAsync(topic, JSON.stringify({ boot: 'b', seq: n, ...times, readings: readingsOf(n) }), {
      qos: 1,
    });
  });
  await Promise.all(sent);
  const numbers = Array.from({ length: messages }, (_, n) => n);
  return {
    messages,
    sum: numbers.reduce((sum, n) => sum + (n % 50), 0),
    pressures: numbers.filter((n) => n % PRESSURE_EVERY === 0).length,
    presses: numbers.filter((n) => n % PRESS_EVERY === 0).length,
  };
}
