import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { freshDatabase, postgresAvailable, startPostgres } from './postgres.ts';

/** A folder that is gone when the test is. */
export function temporaryFolder(within = tmpdir()): { path: string; remove: () => void } {
  const path = mkdtempSync(join(within, 'shouwang-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The same without a disk, where the machine has such a place: for what is written often and need not last. */
export const memoryFolder = (): ReturnType<typeof temporaryFolder> =>
  temporaryFolder(existsSync('/dev/shm') ? '/dev/shm' : tmpdir());

/** One of the two engines, started for a suite; `database()` is the URL of a new, empty one. */
export type Engine = {
  readonly name: string;
  readonly unavailable: string | null;
  readonly start: () => Promise<{ database: () => Promise<string>; stop: () => Promise<void> }>;
  /** Makes a table refuse rows of one household, where `condition` (of `new`) holds: as a database does that dislikes what it is told. */
  readonly refuse: (url: string, table: string, householdId: string, condition: string) => Promise<void>;
};

const ofHousehold = (householdId: string, condition: string): string =>
  `new.household_id = '${householdId}' and (${condition})`;

function refuseOnSqlite(url: string, table: string, householdId: string, condition: string): void {
  const db = new Sqlite(url);
  db.exec(`create trigger refuse_${table} before insert on ${table} when ${ofHousehold(householdId, condition)}
    begin select raise(abort, 'refused by a test'); end`);
  db.close();
}

async function refuseOnPostgres(url: string, table: string, householdId: string, condition: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`create function refuse_${table}() returns trigger language plpgsql as
    $$ begin raise exception 'refused by a test'; end $$`);
  await client.query(`create trigger refuse_${table} before insert on ${table} for each row
    when (${ofHousehold(householdId, condition)}) execute function refuse_${table}()`);
  await client.end();
}

/** What the store is tested on: `describe.skipIf(engine.unavailable)` for each of them. */
export const engines: readonly Engine[] = [
  {
    name: 'SQLite',
    unavailable: null,
    async start() {
      const folder = temporaryFolder();
      let made = 0;
      return { database: async () => join(folder.path, `${++made}`, 'shouwang.db'), stop: async () => folder.remove() };
    },
    refuse: async (...what) => refuseOnSqlite(...what),
  },
  {
    name: 'PostgreSQL',
    unavailable: postgresAvailable(),
    async start() {
      const server = await startPostgres();
      return { database: () => freshDatabase(server.url), stop: server.stop };
    },
    refuse: refuseOnPostgres,
  },
];
