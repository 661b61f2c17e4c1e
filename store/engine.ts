import Sqlite from 'better-sqlite3';
import { Kysely, SqliteAdapter, SqliteDialect, type SqliteStatement } from 'kysely';
import type { Engine, Tables } from './schema.ts';

/** Where the memory is: a file for SQLite, or a `postgres://` URL, which may name several servers. */
export type Location = { readonly engine: Engine; readonly url: string };

export function locate(url: string): Location {
  return { engine: /^postgres(ql)?:/.test(url) ? 'postgres' : 'sqlite', url };
}

/** SQLite's own value of `synchronous` for FULL. */
const FULL = 2;

function setAndReadBack(db: Sqlite.Database, pragma: string, wanted: string | number): void {
  db.pragma(`${pragma} = ${wanted}`);
  const found = db.pragma(pragma, { simple: true });
  if (found !== wanted)
    throw new Error(`SQLite refuses ${pragma} = ${wanted} (it is ${found}): no promise could be kept on this file`);
}

/** Kysely does not believe that SQLite can take back a change of the schema. Without it a crash in the first start leaves half of one. */
class WholeMigrations extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class WholeDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new WholeMigrations();
  }
}

/**
 * One connection of SQLite behind Kysely. Statements stay prepared: compiling them anew costs more than running them.
 * A transaction takes the write lock at once, since one that reads first and writes later fails without waiting.
 */
export function openSqlite(file: string, mode: 'write' | 'read'): Kysely<Tables> {
  const db = new Sqlite(file, { readonly: mode === 'read', timeout: 10_000 });
  if (mode === 'write') {
    setAndReadBack(db, 'journal_mode', 'wal');
    setAndReadBack(db, 'synchronous', FULL);
    // The log keeper empties the log long before; only where there is none does the writer do it, a quarter of a gigabyte at a time.
    db.pragma('wal_autocheckpoint = 65536');
  }
  db.pragma(`cache_size = -${mode === 'write' ? 32_768 : 16_384}`);
  db.pragma('temp_store = memory');
  const prepared = new Map<string, SqliteStatement>();
  const spoken = (sql: string): string => {
    if (sql === 'begin' && mode === 'write') return 'begin immediate';
    // A commit that fails on the disk has rolled back already: to do it again is an error that hides the one which says what happened.
    return sql === 'rollback' && !db.inTransaction ? 'select 1' : sql;
  };
  const prepare = (written: string): SqliteStatement => {
    const sql = spoken(written);
    let statement = prepared.get(sql);
    if (!statement) {
      statement = db.prepare(sql) as unknown as SqliteStatement;
      if (prepared.size >= 1_000) prepared.clear();
      prepared.set(sql, statement);
    }
    return statement;
  };
  return new Kysely<Tables>({ dialect: new WholeDialect({ database: { prepare, close: () => db.close() } }) });
}
