import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

/** The server says when it is ready; a port that somebody took in between ends it at once. */
async function startServer(bin: string, folder: string, port: number): Promise<{ stop(): Promise<void> } | null> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    shared_buffers: '16MB',
    max_connections: '60',
    lc_messages: 'C',
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const server = spawn(join(bin, 'postgres'), ['-D', join(folder, 'data'), '-p', String(port), ...flags], {
    ...runAs(),
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(server, 'exit');
  const ready = new Promise<boolean>((resolve) => {
    server.stderr.on('data', (chunk) => String(chunk).includes('ready to accept connections') && resolve(true));
  });
  if (!(await Promise.race([ready, exited.then(() => false)]))) return null;

  // A test process that dies must not leave its server behind: SIGQUIT ends all its children too.
  const abandon = () => server.kill('SIGQUIT');
  process.once('exit', abandon);
  return {
    async stop() {
      process.off('exit', abandon);
      server.kill('SIGINT');
      await exited;
    },
  };
}

/** A PostgreSQL of its own in a temporary folder, with everything durable as it would be in service. About two seconds. */
export async function startPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  const bin = binaries();
  if (!bin) throw new Error(postgresAvailable() ?? 'PostgreSQL is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'shouwang-pg-'));
  const owner = runAs();
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid);
  const cluster = ['-D', join(folder, 'data'), '-U', 'shouwang', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8'];
  execFileSync(join(bin, 'initdb'), [...cluster, '--no-sync'], { ...owner, cwd: folder, stdio: 'pipe' });

  for (let attempt = 1; attempt <= START_ATTEMPTS; attempt += 1) {
    const port = await freePort();
    const server = await startServer(bin, folder, port);
    if (!server) continue;
    return {
      url: `postgres://shouwang@127.0.0.1:${port}/postgres`,
      async stop() {
        await server.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  }
  throw new Error(`PostgreSQL did not start in ${folder}`);
}

/** An empty database in the cluster at `url`, and its own URL; it goes when the cluster is stopped. */
export async function freshDatabase(url: string): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  await client.end();
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}
