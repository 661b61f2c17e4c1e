import { connect, type MqttClient } from 'mqtt';
import { type Dice, dice as diceOf } from '../../device-sim/dice.ts';
import type { Registered } from '../person.ts';
import type { LoadLedger } from './load-ledger.ts';

export type Server = { readonly host: string; readonly port: number };

/** Hubs that know several front ends and go to the next when one does not answer, as in a city with two data centres. */
export type Street = {
  /** Says no more, and waits until all is acknowledged that was said. */
  readonly rest: (withinMs: number) => Promise<{ readonly unacked: number }>;
};

const CRITICAL_SHARE = 0.02;
const KEEPALIVE_S = 4;
const TRY_AGAIN_MS = 500;

const readingOf = (critical: boolean) =>
  critical
    ? { kind: 'sos', device: 'sos-bedroom', value: true }
    : { kind: 'motion', device: 'pir-kitchen', value: true };

function hubOf({ clientId, username, key }: Registered, servers: readonly Server[], first: number): MqttClient {
  const turned = [...servers.slice(first), ...servers.slice(0, first)];
  return connect({
    ...{ servers: turned, clientId, username, password: key, keepalive: KEEPALIVE_S, reconnectPeriod: TRY_AGAIN_MS },
    // It goes on where it stopped: what was not acknowledged is sent again.
    ...{ clean: false, resubscribe: false, connectTimeout: 3_000, protocol: 'mqtt' },
    // What has just been registered is turned away until the front end has heard of it, a moment later.
    reconnectOnConnackError: true,
  });
}

/** Each hub says something every so often, until told to rest. */
export function openStreet(
  homes: readonly Registered[],
  servers: readonly Server[],
  { perSecond, seed, ledger }: { perSecond: number; seed: number; ledger: LoadLedger },
): Street {
  const chance: Dice = diceOf(seed, 'street');
  const hubs = homes.map((home, n) => ({ home, client: hubOf(home, servers, n % servers.length), seq: 0 }));
  for (const { client } of hubs) client.on('error', () => {});
  let waiting = 0;
  const timer = setInterval(() => {
    const hub = hubs[chance.whole(0, hubs.length - 1)];
    if (!hub) return;
    const { clientId } = hub.home;
    const critical = chance.chance(CRITICAL_SHARE);
    const seq = ++hub.seq;
    const body = { boot: 'street', seq, ts: new Date().toISOString(), readings: [readingOf(critical)] };
    ledger.onSend({ clientId }, 'street', seq, critical);
    waiting++;
    hub.client.publish(`sw/${clientId}/${critical ? 'emergency' : 'up'}`, JSON.stringify(body), { qos: 1 }, (error) => {
      waiting--;
      if (!error) ledger.onAck({ clientId }, 'street', seq);
    });
  }, 1_000 / perSecond);
  return {
    async rest(withinMs) {
      clearInterval(timer);
      for (const until = performance.now() + withinMs; waiting > 0 && performance.now() < until; ) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const unacked = waiting;
      await Promise.all(hubs.map(({ client }) => client.endAsync(true)));
      return { unacked };
    },
  };
}
