import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { subscribeFrame } from '../broker/doors/raw-hub.ts';
import { connectFrame } from '../device-sim/publish-frame.ts';
import { type Served, serve, serveDoor } from './serve-door.ts';

const { values } = parseArgs({
  options: {
    hubs: { type: 'string', default: '15000' },
    /** Dialled and not yet let in, at most. */
    at: { type: 'string', default: '200' },
  },
});
const count = Number(values.hubs);

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
  const dialling = Array.from({ length: Number(values.at) }, async () => {
    while (next < count) hubs.push(await idleHub(server.port, `bench-${++next}`));
  });
  await Promise.all(dialling);
  const after = await memoryOf(server);
  const each = (kind: keyof NodeJS.MemoryUsage): number =>
    Number(((after[kind] - before[kind]) / hubs.length / 1_024).toFixed(2));
  for (const socket of [...first, ...hubs]) socket.destroy();
  await server.end('SIGTERM');
  return { rss: each('rss'), heap: each('heapUsed'), reserved: each('heapTotal'), external: each('external') };
}

const telling = ['--expose-gc', '--import', fileURLToPath(new URL('./say-memory.ts', import.meta.url))];
const plain = await perHub(await serve('./plain-aedes.ts', [], telling));
const door = await perHub(await serveDoor(count, { flags: telling }));
console.log(
  JSON.stringify({
    at: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model,
    hubs: count,
    plain_kB_a_hub: plain,
    door_kB_a_hub: door,
    ratio: Number(((door.rss ?? 0) / (plain.rss ?? 1)).toFixed(2)),
  }),
);
