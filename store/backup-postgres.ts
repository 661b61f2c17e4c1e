import { spawn } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import type { Ask } from './backup-holds.ts';
import { BackupRefused } from './backup-refused.ts';
import { serversOf } from './postgres.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** PostgreSQL's own programs take the password from their environment, where `ps` does not show it to everybody. */
function toolTakes(url: string, environment: Environment): { readonly url: string; readonly env: Environment } {
  const shown = new URL(url);
  const password = decodeURIComponent(shown.password);
  shown.password = '';
  return { url: shown.href, env: password === '' ? environment : { ...environment, PGPASSWORD: password } };
}

async function runTool(tool: string, args: readonly string[], env: Environment): Promise<string> {
  const child = spawn(tool, args, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let complained = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stderr.on('data', (chunk) => (complained = (complained + chunk).slice(-2_000)));
  const [code] = await once(child, 'close').catch((cause) => {
    throw new BackupRefused(
      `${tool} cannot be run here (Debian: apt-get install postgresql-client). Run this where it can, or use a base backup and the archive of PostgreSQL's log: docs/operations.md shows how.`,
      { cause },
    );
  });
  if (code !== 0) throw new BackupRefused(`${tool} failed:\n${complained.trim()}`);
  return said;
}

type Connected = { readonly client: pg.Client; readonly server: string };

/** Of the servers that the URL names, the one that takes writes. */
async function connected<T>(url: string, work: (to: Connected) => Promise<T>): Promise<T> {
  const failures: unknown[] = [];
  for (const server of serversOf(url)) {
    const client = new pg.Client({ connectionString: server, application_name: 'shouwang backup' });
    try {
      await client.connect();
    } catch (error) {
      failures.push(error);
      continue;
    }
    try {
      if ((await askOf(client)('select pg_is_in_recovery()::int')) === 0) return await work({ client, server });
    } finally {
      await client.end();
    }
  }
  throw new BackupRefused(`No PostgreSQL that takes writes answers: ${failures.join('; ')}`, { cause: failures[0] });
}

const askOf =
  (client: pg.Client): Ask =>
  async (sql) =>
    Number((await client.query({ text: sql, rowMode: 'array' })).rows[0]?.[0]);

/** Dumps a database as one snapshot sees it, which is looked at through the same one. */
export const dumpPostgres = <T>(
  url: string,
  to: string,
  environment: Environment,
  look: (ask: Ask) => Promise<T>,
): Promise<T> =>
  connected(url, async ({ client, server }) => {
    await client.query('begin isolation level repeatable read read only');
    const exported = await client.query('select pg_export_snapshot() as name');
    const seen = await look(askOf(client));
    const tool = toolTakes(server, environment);
    const how = ['--format=custom', '--no-owner', '--no-privileges', `--snapshot=${exported.rows[0].name}`];
    await runTool('pg_dump', [...how, `--file=${to}`, `--dbname=${tool.url}`], tool.env);
    await client.query('commit');
    return seen;
  });

/** That the archive can be read to its end: every table's contents are unpacked, and thrown away. */
export const checkDump = (file: string, environment: Environment): Promise<string> =>
  runTool('pg_restore', ['--file=/dev/null', file], environment);

export const isEmptyPostgres = (url: string): Promise<boolean> =>
  connected(url, async ({ client }) => {
    const tables = `select count(*) from information_schema.tables where table_schema = current_schema()`;
    return (await askOf(client)(tables)) === 0;
  });

/** The dump whole or not at all; what `statements` change is a transaction of its own, since pg_restore ends its session. */
export async function restorePostgres<T>(
  url: string,
  from: string,
  environment: Environment,
  statements: readonly string[],
  look: (ask: Ask) => Promise<T>,
): Promise<T> {
  return connected(url, async ({ client, server }) => {
    const tool = toolTakes(server, environment);
    const how = ['--exit-on-error', '--single-transaction', '--no-owner', '--no-privileges'];
    await runTool('pg_restore', [...how, `--dbname=${tool.url}`, from], tool.env);
    const seen = await look(askOf(client));
    await client.query('begin');
    for (const statement of statements) await client.query(statement);
    await client.query('commit');
    await client.query('analyze');
    return seen;
  });
}
