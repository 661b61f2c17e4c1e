import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely';
import pg from 'pg';
import type { Tables } from './schema.ts';

/** PostgreSQL gives bigint as text; ours are times and counts below 2^53. */
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** This database must not be served from, for a reason that whoever runs it can do something about: a sentence for that person. */
export class Unfit extends Error {}

/** No server took the connection. Whatever the reason, nothing was asked yet, and the same may be asked later. */
export class Unreachable extends Error {
  readonly code = 'UNREACHABLE';
}

/** libpq's way to name several servers, of which the one that takes writes is meant; node-postgres knows only one a URL. */
export function serversOf(url: string): readonly string[] {
  const [, before = '', hosts = '', after = ''] = /^(\w+:\/\/(?:[^@/]*@)?)([^/?]*)(.*)$/.exec(url) ?? [];
  return hosts.split(',').map((host) => `${before}${host}${after}`);
}

/** A server that is gone without a word is noticed after 15 s without, and 10 s with something asked. */
export const connecting = {
  connectionTimeoutMillis: 5_000,
  query_timeout: 10_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 5_000,
} as const;

/**
 * What each session sets and reads back. No `statement_timeout`: it would end the wait of a commit for its standby, and PostgreSQL
 * calls such a commit a success. A transaction whose process stands still is ended, or its row locks would hold up whoever takes over;
 * and a statement that nobody waits for any more (from version 14 on).
 */
const SESSION = `select
  set_config('synchronous_commit', case current_setting('synchronous_commit') when 'remote_apply' then 'remote_apply' else 'on' end, false)
    as synchronous_commit,
  set_config('statement_timeout', '0', false),
  set_config('idle_in_transaction_session_timeout', '5s', false),
  (select set_config(name, '5s', false) from pg_settings where name = 'client_connection_check_interval'),
  current_setting('fsync') as fsync,
  current_setting('full_page_writes') as full_page_writes,
  current_setting('synchronous_standby_names') as standbys,
  pg_is_in_recovery() as standby`;

type Session = Record<'synchronous_commit' | 'fsync' | 'full_page_writes' | 'standbys', string> & { standby: boolean };

/** Refuses a server that could lose what it has confirmed; gives what it says of its standbys. */
async function judgeSession(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<Session>(SESSION);
  const [session] = rows;
  if (!session || session.standby) throw new Error('is a standby and takes no writes');
  for (const name of ['fsync', 'full_page_writes'] as const) {
    if (session[name] !== 'on') {
      throw new Unfit(
        `PostgreSQL runs with ${name} = ${session[name]}, so that it may lose what it has confirmed: set it to on`,
      );
    }
  }
  if (session.synchronous_commit !== 'on' && session.synchronous_commit !== 'remote_apply')
    throw new Unfit(`PostgreSQL refuses synchronous_commit = on (it is ${session.synchronous_commit})`);
  return session.standbys;
}

const NO_STANDBY =
  'PostgreSQL has no synchronous standby (synchronous_standby_names is empty): what is acknowledged is on one disk, and lost with it';

/** Connections whose commit no standby has confirmed, although the answer will say that it is done. */
const unconfirmed = new WeakSet<pg.ClientBase>();

/** `SyncRepWaitForLSN` is who warns that it was made to stop waiting, in whatever language. */
function watch(client: pg.ClientBase): void {
  // A connection that breaks in somebody's hands fails what was asked; without a listener it would end the process as well.
  client.on('error', () => {});
  client.on('notice', ({ routine }) => {
    if (routine === 'SyncRepWaitForLSN') unconfirmed.add(client);
  });
}

const STALLED = 'Query read timeout';

/** A connection as Kysely uses it. One that has not answered is given up at once: a rollback behind it would not be answered either. */
function handed(client: pg.PoolClient, onStall: () => void): PostgresPoolClient {
  let stalled = false;
  const query = async (sql: string, parameters: readonly unknown[]): Promise<pg.QueryResult> => {
    if (stalled) throw new Unreachable(STALLED);
    try {
      const result = await client.query(sql, [...parameters]);
      if (unconfirmed.has(client)) throw new Unreachable('committed here, and no standby has confirmed it');
      return result;
    } catch (error) {
      stalled = unconfirmed.has(client) || (error instanceof Error && error.message === STALLED);
      if (stalled) onStall();
      throw error;
    }
  };
  return {
    query: query as unknown as PostgresPoolClient['query'],
    release: (destroy) => client.release(destroy === true || stalled),
  };
}

/** Without the password that stands before it. */
const hostOf = (server: string): string => server.replace(/^\w+:\/\/(?:[^@/]*@)?|[/?].*$/g, '');

function unreachable(failures: readonly { readonly host: string; readonly error: unknown }[]): Unreachable {
  const said = failures.map(({ host, error }) => {
    const { message, code } = error as { message?: string; code?: string };
    return `${host}: ${message || code}`;
  });
  const refusal = failures.find(({ error }) => error instanceof Unfit || refusesUs(error));
  const cause = (refusal ?? failures[0])?.error;
  return new Unreachable(`the database does not answer: ${said.join('; ')}`, { cause });
}

/** PostgreSQL's codes for a wrong user, password or database: no waiting helps. */
export const refusesUs = (error: unknown): boolean => /^(28|3D)/.test(String((error as { code?: unknown }).code));

export type PostgresOptions = {
  /** At most so many connections at a time. */
  readonly connections?: number;
  /** Ends a wait for a statement; off for what may take long. */
  readonly impatient?: boolean;
  /** Told once what whoever runs the database should know. */
  readonly warn?: (sentence: string) => void;
};

/** The server among those named that takes writes: the one that did last time, else the others in turn. */
export function openPostgres(url: string, options: PostgresOptions = {}): Kysely<Tables> {
  const { connections = 10, impatient = true, warn = () => {} } = options;
  let warned = false;
  const onConnect = async (client: pg.ClientBase): Promise<void> => {
    watch(client);
    const standbys = await judgeSession(client);
    if (standbys === '' && !warned) warn(NO_STANDBY);
    warned = true;
  };
  const servers = serversOf(url).map((server) => {
    const pool = new pg.Pool({
      ...connecting,
      ...(!impatient && { query_timeout: 0 }),
      connectionString: server,
      max: connections,
      application_name: 'shouwang',
      onConnect,
    });
    // An idle connection that breaks is replaced by the pool at the next query; without a listener it would end the process.
    pool.on('error', () => {});
    return { host: hostOf(server), pool };
  });
  let first = 0;

  const connect = async (): Promise<PostgresPoolClient> => {
    const failures: { host: string; error: unknown }[] = [];
    const inTurn = [...servers.slice(first), ...servers.slice(0, first)];
    for (const server of inTurn) {
      try {
        const client = await server.pool.connect();
        const at = servers.indexOf(server);
        first = at;
        return handed(client, () => {
          // Its other connections may be as dead and not know it, so another server is asked first.
          if (first === at) first = (at + 1) % servers.length;
        });
      } catch (error) {
        failures.push({ host: server.host, error });
      }
    }
    throw unreachable(failures);
  };
  const end = async (): Promise<void> => {
    await Promise.all(servers.map(({ pool }) => pool.end()));
  };
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: { connect, end, options: {} } }) });
}
