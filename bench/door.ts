import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type LoadResult, runLoad } from '../device-sim/load.ts';

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

async function against(server: string, flags: readonly string[] = []): Promise<LoadResult> {
  const file = fileURLToPath(new URL(server, import.meta.url));
  const child = spawn(process.execPath, [...flags, file, values.hubs], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [port] = await once(child.stdout, 'data');
  const load = await runLoad({
    host: '127.0.0.1',
    port: Number(port),
    hubs,
    rate: Number(values.rate),
    seconds: Number(values.seconds),
    window: Number(values.window),
  });
  child.kill('SIGTERM');
  await exited;
  return load;
}

/** The front door on disk beside plain aedes that keeps nothing, by turns, so that whatever else runs here weighs on both. */
for (let round = 1; round <= Number(values.rounds); round++) {
  const plain = await against('./plain-aedes.ts');
  const profiled = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [];
  const door = await against('./door-server.ts', profiled);
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
