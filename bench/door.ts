import { parseArgs } from 'node:util';
import { type LoadResult, runLoad } from '../device-sim/load.ts';
import { type Served, serve, serveDoor } from './serve-door.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    hubs: { type: 'string', default: '500' },
    window: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    /** Messages a second; 0 is as many as the window allows. */
    rate: { type: 'string', default: '0' },
    profile: { type: 'string' },
  },
});

const hubs = Array.from({ length: Number(values.hubs) }, (_, i) => {
  const clientId = `bench-${i + 1}`;
  return { clientId, username: clientId, password: 'key', topic: `sw/${clientId}/up` };
});

async function loaded(server: Served): Promise<LoadResult> {
  const load = await runLoad({
    host: '127.0.0.1',
    port: server.port,
    hubs,
    rate: Number(values.rate),
    seconds: Number(values.seconds),
    window: Number(values.window),
  });
  await server.end('SIGTERM');
  return load;
}

/** The front door on disk beside plain aedes that keeps nothing, by turns, so that whatever else runs here weighs on both. */
for (let round = 1; round <= Number(values.rounds); round++) {
  const plain = await loaded(await serve('./plain-aedes.ts'));
  const profiled = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [];
  const door = await loaded(await serveDoor(hubs.length, { flags: profiled }));
  console.log(
    JSON.stringify({
      round,
      plain: plain.rate,
      door: door.rate,
      ratio: Number((door.rate / plain.rate).toFixed(2)),
      p50_ms: [plain.p50_ms, door.p50_ms],
      p99_ms: [plain.p99_ms, door.p99_ms],
      unacked: door.unacked,
      dead: door.dead,
    }),
  );
}
