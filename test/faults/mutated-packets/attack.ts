import { connect, type Socket } from 'node:net';
import { framesIn, pingreqFrame, publishFrame, types } from '../../../broker/doors/raw-hub.ts';
import type { Dice } from '../../../device-sim/dice.ts';
import { mutated } from './mutate.ts';
import { namelessForEver, oddConnects, oddFrames, oddPublishes, oddSubscriptions } from './oddities.ts';
import { type Credential, connectOf, propertied, seeds, versions } from './seeds.ts';

export type Attack = {
  readonly port: number;
  readonly dice: Dice;
  readonly payloads: readonly [Buffer, ...Buffer[]];
  /** Somebody who is really registered, to be imitated with a wrong key. */
  readonly imitated: Credential;
  readonly count: (packets: number) => void;
};

/** A socket that says what comes of it and is gone when the visit is. */
async function visit(port: number, stay: (socket: Socket, closed: Promise<void>) => Promise<void>): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  // What is written before is counted as sent: only where somebody is there to hear it.
  await Promise.race([
    new Promise((resolve) => socket.once('connect', resolve)),
    new Promise((resolve) => socket.once('close', resolve)),
  ]);
  if (socket.destroyed) return;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  try {
    await stay(socket, closed);
  } finally {
    socket.destroy();
  }
}

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const oddOnes = (imitated: Credential) =>
  [...oddFrames, ...oddConnects(imitated), ...oddSubscriptions, ...oddPublishes, namelessForEver] as const;

function anyFrame({ dice, imitated }: Attack): Buffer {
  const known = dice.pick([...seeds, ...propertied] as [Buffer, ...Buffer[]]);
  return dice.chance(0.25)
    ? dice.pick(oddOnes(imitated) as unknown as [Buffer, ...Buffer[]])
    : mutated(known, dice.pick(seeds as unknown as [Buffer, ...Buffer[]]), dice);
}

/** Comes without a credential, or with a wrong one; stays until it is shown out or loses patience. */
export const strangerComes = (attack: Attack): Promise<void> =>
  visit(attack.port, async (socket, closed) => {
    const { dice, count } = attack;
    const frames = Array.from({ length: dice.whole(1, 6) }, () => anyFrame(attack));
    count(frames.length);
    // What comes in one piece and what comes torn must be read alike.
    if (dice.chance(0.8)) socket.write(Buffer.concat(frames));
    else for (const frame of frames) socket.write(frame);
    await Promise.race([closed, after(dice.chance(0.02) ? 1_000 : dice.whole(5, 60))]);
  });

/** Drips its CONNECT a byte at a time, and is to be shown out for it: resolves to how long it was borne, in ms. */
export async function dripping(attack: Attack): Promise<number> {
  const from = performance.now();
  await visit(attack.port, async (socket, closed) => {
    let gone = false;
    void closed.then(() => (gone = true));
    for (const byte of connectOf(attack.imitated, 4, { will: { topic: 'x'.repeat(5_000), payload: 'x' } })) {
      if (gone) break;
      socket.write(Buffer.from([byte]));
      await Promise.race([closed, after(50)]);
    }
    attack.count(1);
    await Promise.race([closed, after(30_000)]);
  });
  return performance.now() - from;
}

const topicsOf = (clientId: string): readonly [string, ...string[]] => [
  ...([`sw/${clientId}/up`, `sw/${clientId}/up`, `sw/${clientId}/emergency`, 'sw/somebody-else/up'] as const),
  ...([
    'zigbee2mqtt/bridge/devices',
    'zigbee2mqtt/pendant',
    'zigbee2mqtt/kitchen/smoke',
    'zigbee2mqtt/bridge/state',
  ] as const),
];

/** A whole packet with anything in it: its connection is to survive, and it is to be kept and answered. */
function tameFrame({ dice, payloads }: Attack, { clientId }: Credential): Buffer {
  const payload = dice.pick(payloads);
  const qos = dice.pick([0, 1, 1, 1, 2] as const);
  return publishFrame({
    ...{ topic: dice.pick(topicsOf(clientId)), qos, id: dice.whole(1, 65_535), retain: dice.chance(0.2) },
    ...{ payload: dice.chance(0.3) && payload.length > 0 ? mutated(payload, payload, dice) : payload },
    dup: qos > 0 && dice.chance(0.1),
  });
}

/** Waits until all that was written before has been read: the answer to a ping comes after it. */
async function caughtUp(socket: Socket, closed: Promise<void>): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  const answered = new Promise<void>((resolve) =>
    socket.on('data', (chunk: Buffer) => {
      const cut = framesIn(Buffer.concat([rest, chunk]));
      rest = cut.rest;
      if (cut.frames.some(({ type }) => type === types.pingresp)) resolve();
    }),
  );
  socket.write(pingreqFrame);
  await Promise.race([answered, closed, after(2_000)]);
  socket.removeAllListeners('data');
}

/** A registered hub with its own key that has gone mad: half of the time in what it says, otherwise in how. */
export const hubComes = (attack: Attack, credential: Credential): Promise<void> =>
  visit(attack.port, async (socket, closed) => {
    const { dice, count } = attack;
    const tame = dice.chance(0.5);
    socket.write(connectOf(credential, dice.pick(versions), dice.chance(0.3) ? { clean: false } : {}));
    count(1);
    for (let batch = tame ? 5 : 1; batch > 0 && !socket.destroyed; batch--) {
      const frames = Array.from({ length: tame ? 100 : dice.whole(2, 40) }, () =>
        tame || dice.chance(0.9) ? tameFrame(attack, credential) : anyFrame(attack),
      );
      socket.write(Buffer.concat(frames));
      count(frames.length);
      await caughtUp(socket, closed);
    }
  });

/** Begins so many deliveries of QoS 2 and ends none; resolves to how many were answered by PUBREC. */
export async function halfOpen(attack: Attack, credential: Credential, deliveries: number): Promise<number> {
  let received = 0;
  await visit(attack.port, async (socket, closed) => {
    socket.write(connectOf(credential, 4));
    let rest: Buffer = Buffer.alloc(0);
    const all = new Promise<void>((resolve) =>
      socket.on('data', (chunk: Buffer) => {
        const cut = framesIn(Buffer.concat([rest, chunk]));
        rest = cut.rest;
        received += cut.frames.filter(({ type }) => type === types.pubrec).length;
        if (received >= deliveries) resolve();
      }),
    );
    for (let id = 1; id <= deliveries; id++) {
      socket.write(publishFrame({ topic: `sw/${credential.clientId}/up`, payload: '{"readings":[]}', qos: 2, id }));
    }
    attack.count(deliveries);
    await Promise.race([all, closed, after(60_000)]);
  });
  return received;
}
