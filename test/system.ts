import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './memory.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** As `npm start` starts it: what stands there before main.ts, and its environment. */
function asStarted(): { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };
  const [, key = '', value = '', flags = ''] = /&& (\w+)=(\S+) node (.*)main\.ts$/.exec(scripts.start) ?? [];
  if (!key) throw new Error(`npm start is not understood: ${scripts.start}`);
  return { args: [...flags.split(' ').filter(Boolean), join(ROOT, 'main.ts')], env: { [key]: join(ROOT, value) } };
}
const started = asStarted();

/** The whole system as a process of its own, as a user would run it, on ports that the system chose. */
export type System = {
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly httpUrl: string;
  readonly mqttPort: number;
  readonly mqttsPort: number;
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

/** Each system is the leader of a group, to which its auditor belongs: that one outlives its main process on purpose. */
const groups = new Set<number>();

/** Ends all of a group; false when nothing is left of it. */
export function endGroup(leader: number, signal: NodeJS.Signals | 0 = 'SIGKILL'): boolean {
  try {
    return process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
  }
}

// A test that dies leaves nothing behind.
process.once('exit', () => {
  for (const leader of groups) endGroup(leader);
});

export type SystemOptions = {
  readonly dataDir: string;
  readonly roles?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A program, with its arguments, that starts it and lets it be the child of whoever calls: a tracer. */
  readonly under?: readonly string[];
};

/** A system that starts: it can be killed before it is ready, and then `ready` never comes. */
export type Launch = {
  readonly ready: Promise<System>;
  /** Hubs are let in; never for one without a broker. */
  readonly accepting: Promise<void>;
  /** Its exit code or the signal that ended it. */
  readonly ended: Promise<string>;
  readonly pid: number;
  readonly kill: System['kill'];
};

/** Its auditors, also those that earlier systems of these groups left behind, by their process ids. */
export function auditorsOf(leader: number): number[] {
  const field = (pid: string, name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [, group] = /\) \S \d+ (\d+) /.exec(field(pid, 'stat')) ?? [];
        return Number(group) === leader && field(pid, 'cmdline').includes('auditor-process.ts');
      } catch {
        // It has ended meanwhile.
        return false;
      }
    })
    .map(Number);
}

const environment = ({ dataDir, env }: SystemOptions): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  ...started.env,
  SHOUWANG_DATA_DIR: dataDir,
  SHOUWANG_HTTP_PORT: '0',
  SHOUWANG_MQTT_PORT: '0',
  SHOUWANG_MQTTS_PORT: '0',
  SHOUWANG_MQTTS_HOST: '127.0.0.1',
  SHOUWANG_LOG_LEVEL: 'warn',
  SHOUWANG_BALLAST_MB: '0',
  ...env,
});

const portOf = (url = ''): number => Number(url.split(':')[2]);

export function launchSystem(options: SystemOptions): Launch {
  const startedAt = performance.now();
  for (const leader of groups) if (!endGroup(leader, 0)) groups.delete(leader);
  const { dataDir, roles = [], under = [] } = options;
  const [program = process.execPath, ...args] = [...under, process.execPath, ...started.args, ...roles];
  const child = spawn(program, args, {
    env: environment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${process.execPath} could not be started`);
  groups.add(pid);
  let log = '';
  child.stderr.on('data', (chunk) => (log = (log + chunk).slice(-200_000)));
  const exited = once(child, 'exit');
  const said = new Map<string, string>();
  const lines = createInterface({ input: child.stdout });
  const line = (name: string) =>
    new Promise<number>((resolve) => {
      lines.on('line', (text) => text.startsWith(name) && resolve(performance.now() - startedAt));
    });
  lines.on('line', (text) => {
    const [, name, value] = /^(.+?)\s{2,}(\S+)/.exec(text) ?? [];
    if (name && value) said.set(name, value);
  });
  const accepting = line('mqtt ');
  const tooSoon = exited.then(([code]) => {
    throw new Error(`the system ended with ${code} before it was ready:\n${log}`);
  });
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  const ready = Promise.race([line('ready'), tooSoon]).then(
    async (): Promise<System> => ({
      ...{ child, dataDir, kill },
      httpUrl: said.get('consoles') ?? '',
      mqttPort: portOf(said.get('mqtt')),
      mqttsPort: portOf(said.get('mqtts')),
      ownerLink: said.get('login link (owner)') ?? null,
      acceptingMs: said.has('mqtt') ? await accepting : Number.NaN,
      log: () => log,
      stop: async () => {
        child.kill('SIGTERM');
        const [code] = await exited;
        endGroup(pid);
        return code as number | null;
      },
    }),
  );
  // Nobody may be waiting for one that is killed as it starts.
  ready.catch(() => {});
  return {
    ready,
    accepting: accepting.then(() => {}),
    ended: exited.then(([code, by]) => String(by ?? code)),
    pid,
    kill,
  };
}

export const startSystem = (options: SystemOptions): Promise<System> => launchSystem(options).ready;

/** A system on a new folder, and what ends both. */
export async function startFreshSystem(
  options: Omit<SystemOptions, 'dataDir'> = {},
  folder = temporaryFolder(),
): Promise<System & { end: () => Promise<void> }> {
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
