import { setTimeout as pause } from 'node:timers/promises';
import type { Dice } from '../../device-sim/dice.ts';
import type { HubLine } from '../../device-sim/hubs-csv.ts';
import { fileLedger } from '../../device-sim/ledger.ts';
import { ownSpeech } from '../../device-sim/own-speech.ts';
import { SimHub } from '../../device-sim/sim-hub.ts';
import type { TcpProxy } from './tcp-proxy.ts';

export type HalfOpenHubs = {
  /** Resolves when each has been answered and none has anything left to say. */
  readonly settled: () => Promise<void>;
  /** The links die; resolves when all that have another way have been answered there, or after `withinMs`: how long it took, ms. */
  readonly freeze: (withinMs: number) => Promise<number>;
  /** The old links are back, with all that they held. */
  readonly thaw: () => void;
  readonly stop: () => Promise<void>;
};

const SPEAK_EVERY_MS = 100;
/** However short that of the others is: who has nothing wrong is not to be cut off by a machine that is busy. */
const BYSTANDERS_KEEPALIVE_S = 60;

export type Ways = {
  readonly direct: number;
  /** Will pass nothing, neither way. */
  readonly dumb: TcpProxy;
  /** Will pass what hubs say, and nothing that they are told. */
  readonly deaf: TcpProxy;
};

export type Groups = {
  /** Their links are never touched. */
  readonly bystanders: readonly HubLine[];
  /** Half of them on either link; another way is there when it dies. */
  readonly detoured: readonly HubLine[];
  /** They have no other way. */
  readonly lost: readonly HubLine[];
};

/** Hubs of our own protocol that speak all the time, and press a button now and then, over links that die. */
export function halfOpenHubs(
  { direct, dumb, deaf }: Ways,
  groups: Groups,
  { keepaliveSeconds, ledger, dice }: { keepaliveSeconds: number; ledger: string; dice: Dice },
): HalfOpenHubs {
  const write = fileLedger(ledger);
  let dead = false;
  const hub = (line: HubLine, port: () => number, seconds = keepaliveSeconds): SimHub =>
    new SimHub({
      url: () => `mqtt://127.0.0.1:${port()}`,
      credential: { clientId: line.clientId, username: line.username, password: line.password },
      speech: ownSpeech(line.clientId),
      ledger: write,
      keepaliveSeconds: seconds,
    });
  const bystanders = groups.bystanders.map((line) => hub(line, () => direct, BYSTANDERS_KEEPALIVE_S));
  const detoured = groups.detoured.map((line, i) =>
    hub(line, () => (dead ? direct : i % 2 === 0 ? dumb.port : deaf.port)),
  );
  const lost = groups.lost.map((line) => hub(line, () => dumb.port));
  const all = [...bystanders, ...detoured, ...lost];
  const settled = async (hubs: readonly SimHub[]): Promise<void> =>
    void (await Promise.all(hubs.map((it) => it.settled())));

  const saysHello = (hubs: readonly SimHub[]): void => {
    for (const one of hubs) one.says([{ kind: 'motion', device: 'hall', value: true }], Date.now());
  };
  saysHello(all);

  const speaking = setInterval(() => {
    for (const one of all)
      if (dice.chance(0.2)) {
        const emergency = dice.chance(0.1);
        one.says([{ kind: emergency ? 'sos' : 'motion', device: 'button', value: true }], Date.now());
      }
  }, SPEAK_EVERY_MS);

  return {
    settled: () => settled(all),
    async freeze(withinMs) {
      dead = true;
      dumb.freeze();
      deaf.freeze('down');
      const from = performance.now();
      saysHello(detoured);
      await Promise.race([settled(detoured), pause(withinMs, undefined, { ref: false })]);
      return performance.now() - from;
    },
    thaw() {
      dumb.thaw();
      deaf.thaw();
    },
    async stop() {
      clearInterval(speaking);
      await Promise.race([settled(all), pause(60_000, undefined, { ref: false })]);
      await Promise.all(all.map((it) => it.stop()));
    },
  };
}
