import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './memory.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** The whole system as a process of its own, as a user would run it, on ports that the system chose. */
export type System = {
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly httpUrl: string;
  readonly mqttPort: number;
  /** The first owner's one-time log-in link; null once somebody has an account that works. */
  readonly ownerLink: string | null;
  /** From the start of the process to its accepting MQTT, ms. */
  readonly acceptingMs: number;
  /** What it wrote to its log so far. */
  readonly log: () => string;
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
  /** Ends it as a service manager would, and gives its exit code. */
  readonly stop: () => Promise<number | null>;
};

/** Ends what a system left behind: an auditor outlives its main process on purpose. */
function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export type SystemOptions = {
  readonly dataDir: string;
  readonly roles?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

export async function startSystem({ dataDir, roles = [], env = {} }: SystemOptions): Promise<System> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [MAIN, ...roles], {
    env: {
      PATH: process.env.PATH,
      SHOUWANG_DATA_DIR: dataDir,
      SHOUWANG_HTTP_PORT: '0',
      SHOUWANG_MQTT_PORT: '0',
      SHOUWANG_MQTTS_PORT: '0',
      SHOUWANG_MQTTS_HOST: '127.0.0.1',
      SHOUWANG_LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that a test that dies leaves neither it nor its auditor behind.
    detached: true,
  });
  let log = '';
  let acceptingMs = Number.NaN;
  child.stderr.on('data', (chunk) => (log = (log + chunk).slice(-200_000)));
  const exited = once(child, 'exit');
  const said = new Map<string, string>();
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, name, value] = /^(.+?)\s{2,}(\S+)/.exec(line) ?? [];
      if (name && value) said.set(name, value);
      if (name === 'mqtt') acceptingMs = performance.now() - startedAt;
      if (line.startsWith('ready')) resolve();
    });
    void exited.then(([code]) => reject(new Error(`the system ended with ${code} before it was ready:\n${log}`)));
  });
  process.once('exit', () => endGroup(child));
  await ready;

  return {
    child,
    dataDir,
    httpUrl: said.get('consoles') ?? '',
    mqttPort: Number(said.get('mqtt')?.split(':').at(-1)),
    ownerLink: said.get('login link (owner)') ?? null,
    acceptingMs,
    log: () => log,
    kill: async (signal) => {
      child.kill(signal);
      await exited;
    },
    stop: async () => {
      child.kill('SIGTERM');
      const [code] = await exited;
      endGroup(child);
      return code as number | null;
    },
  };
}

/** A system on a new folder, and what ends both. */
export async function startFreshSystem(
  options: Omit<SystemOptions, 'dataDir'> = {},
): Promise<System & { end: () => Promise<void> }> {
  const folder = temporaryFolder();
  const system = await startSystem({ ...options, dataDir: folder.path });
  return {
    ...system,
    end: async () => {
      await system.stop();
      folder.remove();
    },
  };
}

/** Waits until `look` gives something, asking again every few ms; an error says what was waited for. */
export async function until<T>(
  what: string,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  withinMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
