import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.ts';

/** Where Debian keeps its servers, one folder a major version; elsewhere `initdb` is looked for on the path. */
const DEBIAN = '/usr/lib/postgresql';
const START_ATTEMPTS = 3;

function binaries(): string | null {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).filter((name) => /^\d+$/.test(name)) : [];
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(DEBIAN, version, 'bin'));
  const folders = [...newestFirst, ...(process.env.PATH ?? '').split(':')];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ?? null;
}

/** PostgreSQL refuses to run as root, so there it runs as the user that its package made. */
function runAs(): { uid: number; gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Null when PostgreSQL can be started here, otherwise the reason why not: suites skip themselves by it. */
export function postgresAvailable(): string | null {
  if (!binaries()) return 'PostgreSQL is not installed (Debian: apt-get install postgresql)';
  if (process.getuid?.() === 0 && spawnSync('id', ['postgres']).status !== 0) {
    return 'running as root, and there is no user postgres to start PostgreSQL as';
  }
  return null;
}

/** How a server goes: in order, or at once, as by a power cut. */
type Going = 'SIGINT' | 'SIGQUIT';
type Settings = Readonly<Record<string, string>>;

/** Where a server runs: its address, and what starts a program there. */
export type Machine = { readonly address: string; readonly under: readonly string[] };
const HERE: Machine = { address: '127.0.0.1', under: [] };

type Running = { readonly pid: number; readonly end: (how: Going) => Promise<void> };

/** The server says when it is ready; a port that somebody took in between ends it at once. */
async function startServer({ bin, folder, machine }: Place, port: number, extra: Settings): Promise<Running | null> {
  const settings = {
    listen_addresses: machine.address,
    unix_socket_directories: folder,
    shared_buffers: '16MB',
    max_connections: '100',
    lc_messages: 'C',
    ...extra,
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const owner = runAs();
  // Only root can start a program on another machine of the test, and the program must not be root's.
  const drop =
    machine.under.length > 0 ? ['setpriv', `--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'] : [];
  const [program = '', ...args] = [...machine.under, ...drop, join(bin, 'postgres'), '-D', join(folder, 'data')];
  const server = spawn(program, [...args, '-p', String(port), ...flags], {
    ...(machine.under.length > 0 ? {} : owner),
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(server, 'exit');
  const ready = new Promise<boolean>((resolve) => {
    server.stderr.on(
      'data',
      (chunk) => /ready to accept (read-only )?connections/.test(String(chunk)) && resolve(true),
    );
  });
  if (!(await Promise.race([ready, exited.then(() => false)])) || server.pid === undefined) return null;

  // A test process that dies must not leave its server behind: SIGQUIT ends all its children too.
  const abandon = () => server.kill('SIGQUIT');
  process.once('exit', abandon);
  return {
    pid: server.pid,
    async end(how) {
      process.off('exit', abandon);
      server.kill(how);
      await exited;
    },
  };
}

/** A PostgreSQL of its own in a temporary folder, with everything durable as it would be in service. About two seconds. */
export type Cluster = {
  readonly url: string;
  /** Ends it for good and removes what it kept. */
  readonly stop: () => Promise<void>;
  /** Ends it: SIGQUIT is as if the power went. */
  readonly goDown: (how: Going) => Promise<void>;
  /** Starts it again on the same port. */
  readonly comeUp: () => Promise<void>;
  /** A standby that follows it, and that each of its commits waits for; `url` of the standby names both servers. */
  readonly startStandby: (machine?: Machine) => Promise<Standby>;
};

export type Standby = Omit<Cluster, 'startStandby'> & {
  /** Makes it the server that takes writes. */
  readonly promote: () => Promise<void>;
};

type Place = { readonly bin: string; readonly folder: string; readonly machine: Machine };

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shouwang-pg-'));
  const owner = runAs();
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid);
  return folder;
}

/** The server of a folder, on a port that stays its own. */
async function serve(place: Place, settings: Settings) {
  const { folder } = place;
  for (let attempt = 1; attempt <= START_ATTEMPTS; attempt += 1) {
    const port = await freePort();
    let running = await startServer(place, port, settings);
    if (!running) continue;
    const goDown = async (how: Going): Promise<void> => {
      await running?.end(how);
      running = null;
    };
    return {
      port,
      goDown,
      async comeUp() {
        running = await startServer(place, port, settings);
        if (!running) throw new Error(`PostgreSQL did not come up again in ${folder}`);
      },
      async stop() {
        await goDown('SIGINT');
        rmSync(folder, { recursive: true, force: true });
      },
    };
  }
  throw new Error(`PostgreSQL did not start in ${folder}`);
}

export async function startPostgres(settings: Settings = {}, machine = HERE): Promise<Cluster> {
  const bin = binaries();
  if (!bin) throw new Error(postgresAvailable() ?? 'PostgreSQL is not installed');
  const folder = newFolder();
  const cluster = ['-D', join(folder, 'data'), '-U', 'shouwang', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8'];
  execFileSync(join(bin, 'initdb'), [...cluster, '--no-sync'], { ...runAs(), cwd: folder, stdio: 'pipe' });
  const strangers = 'host all all samenet trust\nhost replication all samenet trust\n';
  appendFileSync(join(folder, 'data/pg_hba.conf'), strangers);
  const server = await serve({ bin, folder, machine }, settings);
  const url = `postgres://shouwang@${machine.address}:${server.port}/postgres`;
  return { ...server, url, startStandby: (other = HERE) => startStandby(bin, other, url, server.port) };
}

async function startStandby(bin: string, machine: Machine, primary: string, primaryPort: number): Promise<Standby> {
  const folder = newFolder();
  const copied = ['-d', primary, '-D', join(folder, 'data'), '--write-recovery-conf', '--checkpoint=fast', '--no-sync'];
  execFileSync(join(bin, 'pg_basebackup'), copied, { ...runAs(), cwd: folder, stdio: 'pipe' });
  const server = await serve({ bin, folder, machine }, { cluster_name: 'standby', wal_receiver_status_interval: '1s' });
  // Only now: a commit would have waited for a standby that is not there yet.
  await query(primary, `alter system set synchronous_standby_names = 'standby'`);
  await query(primary, 'select pg_reload_conf()');
  return {
    ...server,
    url: primary.replace(`:${primaryPort}`, `:${primaryPort},${machine.address}:${server.port}`),
    promote: () => query(primary.replace(/@[^/]*/, `@${machine.address}:${server.port}`), 'select pg_promote(true)'),
  };
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}

/** An empty database in the cluster at `url`, and its own URL; it goes when the cluster is stopped. */
export async function freshDatabase(url: string): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await query(url, `create database ${name} template template0`);
  return url.replace(/[^/]*$/, name);
}
