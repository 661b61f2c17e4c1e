import { once } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { type Kysely, sql } from 'kysely';
import { Met } from './command.ts';
import { type CommandName, commands, isUrgent, type Store } from './commands.ts';
import { type Location, locate, openSqlite } from './engine.ts';
import { migrate } from './migrate.ts';
import { openPostgres, type PostgresOptions } from './postgres.ts';
import type { Tables } from './schema.ts';
import { type Caller, callThrough } from './thread-call.ts';
import { type Asked, together } from './together.ts';

type Run = (name: CommandName, args: unknown) => Promise<unknown>;

const RETRIES = 8;

/** PostgreSQL's codes for "run it again": serialization failure, deadlock, unique violation of a race that the next run will see. */
const AGAIN = new Set(['40001', '40P01', '23505']);
const worthAgain = (error: unknown): boolean =>
  error instanceof Met || (error instanceof Error && 'code' in error && AGAIN.has(String(error.code)));

export type StoreOptions = Pick<PostgresOptions, 'connections' | 'warn'>;

/** What this commits lies in the log like everything, and is on disk with the next commit that waits for it. */
async function withoutWaiting<T>(db: Kysely<Tables>, commit: () => Promise<T>): Promise<T> {
  await sql`pragma synchronous = normal`.execute(db);
  try {
    return await commit();
  } finally {
    await sql`pragma synchronous = full`.execute(db);
  }
}

/**
 * Runs commands on connections of this thread. Writes on SQLite take turns: they share one connection. On PostgreSQL group commits
 * have connections of their own, one for each stream of an intake, so that they never wait for a free one.
 */
export function runHere(
  location: Location,
  mode: 'all' | 'read' | 'write',
  options: StoreOptions = {},
): {
  run: Run;
  runTogether: (asked: readonly Asked[]) => Promise<PromiseSettledResult<unknown>[]>;
  close: () => Promise<void>;
} {
  const postgres = location.engine === 'postgres' ? openPostgres(location.url, options) : null;
  const lane = postgres && openPostgres(location.url, { connections: 2 });
  const writer = postgres ?? (mode === 'read' ? null : openSqlite(location.url, 'write'));
  const reader = postgres ?? (mode === 'write' ? null : openSqlite(location.url, 'read'));
  let last: Promise<unknown> = Promise.resolve();

  async function transaction(db: Kysely<Tables>, name: CommandName, args: unknown): Promise<unknown> {
    const run = commands[name].run as (db: Kysely<Tables>, args: unknown) => Promise<unknown>;
    for (let attempt = 1; ; attempt++) {
      try {
        return await db.transaction().execute((trx) => run(trx as unknown as Kysely<Tables>, args));
      } catch (error) {
        if (attempt === RETRIES || !worthAgain(error)) throw error;
      }
    }
  }

  const run: Run = (name, args) => {
    if (commands[name].kind === 'read' && reader) {
      return (commands[name].run as (db: Kysely<Tables>, args: unknown) => Promise<unknown>)(reader, args);
    }
    if (!writer) throw new Error(`${name} writes, and this connection only reads`);
    if (postgres) return transaction(lane && isUrgent(name) ? lane : postgres, name, args);
    const isFleeting = 'isFleeting' in commands[name];
    const turn = last.then(() =>
      isFleeting ? withoutWaiting(writer, () => transaction(writer, name, args)) : transaction(writer, name, args),
    );
    last = turn.catch(() => {});
    return turn;
  };
  const runTogether = (asked: readonly Asked[]): Promise<PromiseSettledResult<unknown>[]> => {
    if (!writer || postgres) throw new Error('only commands of one connection that writes can go together');
    const turn = last.then(() => together(writer, asked));
    last = turn.catch(() => {});
    return turn;
  };
  const close = async (): Promise<void> => {
    await last;
    await lane?.destroy();
    await writer?.destroy();
    if (reader !== writer) await reader?.destroy();
  };
  return { run, runTogether, close };
}

function storeOver(run: Run): Store {
  const entries = (Object.keys(commands) as CommandName[]).map((name) => [name, (args: unknown) => run(name, args)]);
  return Object.fromEntries(entries) as Store;
}

/** An open memory. `port` lets another thread write through the same writer; null where every thread has connections of its own. */
export type OpenStore = {
  readonly store: Store;
  readonly port: () => MessagePort | null;
  readonly close: () => Promise<void>;
};

/** The store inside this thread: for tools, tests and processes of their own. */
export async function openStoreHere(url: string, options: StoreOptions = {}): Promise<OpenStore> {
  const location = locate(url);
  await migrate(location, options.warn);
  const { run, close } = runHere(location, 'all', options);
  return { store: storeOver(run), port: () => null, close };
}

/** What exists already, without the right to change it. */
export function openStoreToRead(url: string): OpenStore {
  const { run, close } = runHere(locate(url), 'read');
  return { store: storeOver(run), port: () => null, close };
}

/** The store of a serving process: on SQLite one writer thread and one reader thread, so that no disk wait stops the loop. */
export async function openStore(url: string, options: StoreOptions = {}): Promise<OpenStore> {
  const location = locate(url);
  if (location.engine === 'postgres') return openStoreHere(url, options);
  await migrate(location);
  const thread = (mode: 'read' | 'write') =>
    new Worker(new URL('./thread.ts', import.meta.url), { workerData: { url, mode }, name: `store-${mode}` });
  const threads = { write: thread('write'), read: thread('read') };
  const keeper = new Worker(new URL('./log-keeper-thread.ts', import.meta.url), {
    workerData: { file: url },
    name: 'store-log',
  });
  keeper.on('message', (error: string) =>
    options.warn?.(`The log cannot be emptied into the database just now, and grows meanwhile: ${error}`),
  );
  keeper.on('error', (cause) => {
    throw new Error('The log cannot be emptied into the database; nothing more can be promised.', { cause });
  });
  const callers: Record<'write' | 'read', Caller> = {
    write: callThrough(threads.write),
    read: callThrough(threads.read),
  };
  return {
    store: storeOver((name, args) => callers[commands[name].kind].call(name, args)),
    port: () => {
      const { port1, port2 } = new MessageChannel();
      threads.write.postMessage({ connect: port1 }, [port1]);
      return port2;
    },
    close: async () => {
      const emptied = once(keeper, 'exit');
      keeper.postMessage('close');
      await emptied;
      await Promise.all([callers.write.close(), callers.read.close()]);
    },
  };
}

/** The store of another thread of a serving process: it reads on a connection of its own and writes through the process's writer. */
export function joinStore(url: string, port: MessagePort | null): OpenStore {
  const location = locate(url);
  const here = runHere(location, port ? 'read' : 'all');
  if (!port) return { store: storeOver(here.run), port: () => null, close: here.close };
  const caller = callThrough(port);
  return {
    store: storeOver((name, args) => (commands[name].kind === 'read' ? here.run(name, args) : caller.call(name, args))),
    port: () => null,
    close: async () => {
      await caller.close();
      await here.close();
    },
  };
}
