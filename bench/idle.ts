import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { subscribeFrame } from '../broker/doors/raw-hub.ts';
import { connectFrame } from '../device-sim/publish-frame.ts';
import type { Bench } from './bench.ts';
import { type Served, serve, serveDoor } from './serve-door.ts';

const HUBS = 15_000;
/** Dialled and not yet let in, at most. */
const DIALLED = 200;
const BAR_KB = 16;

/** A hub that is let in, subscribes to its down-link, says nothing more and stays. */
async function idleHub(port: number, clientId: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  socket.write(connectFrame(clientId, clientId, 'key', 600));
  const [connack] = await once(socket, 'data');
  if (connack[3] !== 0) throw new Error(`${clientId} was refused with code ${connack[3]}`);
  socket.write(subscribeFrame(1, [`sw/${clientId}/down`]));
  await once(socket, 'data');
  return socket;
}

async function memoryOf({ child }: Served): Promise<NodeJS.MemoryUsage> {
  const told = once(child, 'message');
  child.send('memory');
  const [memory] = await told;
  return memory;
}

/** What one hub adds to each kind of memory, in kB. */
async function perHub(server: Served): Promise<Record<string, number>> {
  // The first connections load and compile what all of them share.
  const first = await Promise.all(Array.from({ length: 100 }, (_, i) => idleHub(server.port, `bench-${i + 1}`)));
  const before = await memoryOf(server);
  const hubs: Socket[] = [];
  let next = first.length;
  const dialling = Array.from({ length: DIALLED }, async () => {
    while (next < HUBS) hubs.push(await idleHub(server.port, `bench-${++next}`));
  });
  await Promise.all(dialling);
  const after = await memoryOf(server);
  const each = (kind: keyof NodeJS.MemoryUsage): number =>
    Number(((after[kind] - before[kind]) / hubs.length / 1_024).toFixed(2));
  for (const socket of [...first, ...hubs]) socket.destroy();
  await server.end('SIGTERM');
  return { rss: each('rss'), heap: each('heapUsed'), reserved: each('heapTotal'), external: each('external') };
}

const telling = [
  '--expose-gc',
  '--max-semi-space-size=4',
  '--import',
  fileURLToPath(new URL('./say-memory.ts', import.meta.url)),
];

/** What a hub costs that is connected and says nothing. */
export const idle: Bench = {
  name: 'idle',
  measures: `memory of ${HUBS.toLocaleString('en')} hubs that are connected, subscribed to their down-link, and say nothing`,
  bar: `at most ${BAR_KB} kB each`,
  seconds: 0,
  unavailable: () => null,
  async run({ say }) {
    const plain = await perHub(await serve('./plain-aedes.ts', [], telling));
    say(`plain aedes: ${JSON.stringify(plain)}`);
    const door = await perHub(await serveDoor(HUBS, { flags: telling }));
    const kb = door.rss ?? 0;
    return {
      figures: {
        'resident kB a hub': kb,
        'of that heap in use kB': door.heap ?? 0,
        'outside the heap kB': door.external ?? 0,
        'plain aedes: resident kB a hub': plain.rss ?? 0,
      },
      missed: kb > BAR_KB ? [`${kb} kB a hub`] : [],
    };
  },
};
