import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { HubLine } from '../../device-sim/hubs-csv.ts';
import { logIn, registerHomes } from '../person.ts';
import { type System, startSystem, until } from '../system.ts';

export const straceAvailable = (): string | null =>
  spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0
    ? null
    : 'strace is not installed, or may not trace here';

const CALLS =
  'openat,close,read,write,writev,pwrite64,pwritev,fsync,fdatasync,ftruncate,unlink,unlinkat,rename,renameat,renameat2';

/** Out of the way: the program is the caller's own child, and the tracer is not ended with the program's group. */
const TRACER = ['strace', '-DD', '-f', '--seccomp-bpf', '-qq'];

/** The command to run a program under, so that all that it does to files and connections is in `log`, every byte of it. */
const recorded = (log: string, inject: readonly string[]): readonly string[] => [
  ...[...TRACER, '-v', '-yy', '-ttt', '-xx', '-s', '1000000', '-o', log, '-e', `trace=${CALLS}`],
  ...inject.flatMap((rule) => ['-e', `inject=${rule}`]),
];

/** The command to run a program under that only meddles with one of its calls: `fsync:delay_exit=50000`. */
export const meddled = (rule: string): readonly string[] => [
  ...[...TRACER, '-o', '/dev/null', '-e', `trace=${rule.split(':', 1)[0]}`, '-e', `inject=${rule}`],
];

export type RecordedSystem = System & {
  /** Ends all of it at once, as a cut of the power would, and waits until the recording is whole. */
  readonly killAll: () => Promise<void>;
  readonly recordingEnded: () => Promise<void>;
};

/** Starts another program of ours in the same recording, and goes on as the one that follows. */
const starting = (program: readonly string[]): readonly string[] => [
  ...['sh', '-c', `"$0" ${program.map((word) => `'${word}'`).join(' ')} & exec "$0" "$@"`],
];

/** A system of which every call to files and connections is written down in `log`, and those of a program `beside` it. */
export async function startRecorded(
  dataDir: string,
  log: string,
  { port = 0, inject = [], beside }: { port?: number; inject?: readonly string[]; beside?: readonly string[] } = {},
): Promise<RecordedSystem> {
  const system = await startSystem({
    dataDir,
    env: { SHOUWANG_MQTT_PORT: String(port) },
    under: [...recorded(log, inject), ...(beside ? starting(beside) : [])],
  });
  const tracer = /^TracerPid:\s+(\d+)/m.exec(readFileSync(`/proc/${system.child.pid}/status`, 'utf8'))?.[1];
  const recordingEnded = async () => {
    await until('the end of the recording', () => !existsSync(`/proc/${tracer}`));
  };
  return {
    ...system,
    recordingEnded,
    async killAll() {
      if (system.child.pid !== undefined) process.kill(-system.child.pid, 'SIGKILL');
      await recordingEnded();
    },
  };
}

/** Homes with a button each, and the hubs that speak for them. */
export async function hubsOf(system: System, count: number): Promise<{ hubs: HubLine[]; homes: Map<string, string> }> {
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const { homes } = await registerHomes(owner, count);
  return {
    hubs: homes.map(({ clientId, username, key }) => ({
      ...{ clientId, username, password: key },
      topic: `sw/${clientId}/up`,
    })),
    homes: new Map(homes.map(({ clientId, householdId }) => [clientId, householdId])),
  };
}
