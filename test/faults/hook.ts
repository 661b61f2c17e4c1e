import { setTimeout as pause } from 'node:timers/promises';
import { openReceiver } from '../../alerts/test-receiver.ts';
import type { Dice } from '../../device-sim/dice.ts';

/** What a receiver noted of one notice, by its own clock. */
export type Receptions = { readonly alertId: string; times: number; readonly firstAt: number; lastAt: number };

export type Hook = {
  readonly url: string;
  /** By the notice's id, which is the same in every attempt. */
  readonly receptions: ReadonlyMap<string, Receptions>;
  readonly close: () => Promise<void>;
};

const SLOWEST_MS = 40;

/** Somebody who is told by webhook, and who keeps a record of their own: written before they answer, now and then a little late. */
export async function openHook(dice: Dice): Promise<Hook> {
  const receptions = new Map<string, Receptions>();
  const receiver = await openReceiver(async ({ body }, response) => {
    receiver.received.length = 0;
    const { delivery, alert } = JSON.parse(body) as { delivery: string; alert: { id: string } };
    const at = Date.now();
    const known = receptions.get(delivery);
    if (known) Object.assign(known, { times: known.times + 1, lastAt: at });
    else receptions.set(delivery, { alertId: alert.id, times: 1, firstAt: at, lastAt: at });
    await pause(dice.between(0, SLOWEST_MS));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"received":true}');
  });
  return { url: receiver.url, receptions, close: receiver.close };
}
