import { closeSync, existsSync, fdatasyncSync, openSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import type { Ask } from './backup-holds.ts';

const PAGES_AT_ONCE = 1_024;
const CHUNKS_A_SYNC = 16;
const LONGEST_REST_MS = 200;

/** A thread that waits; nothing else runs in the process that makes a backup. */
const rest = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/**
 * Copies a database that is in use, as it is at this moment. The read transaction keeps that moment while the copy is made in steps
 * (without it a step that finds somebody else's commit would begin the whole copy again), and in WAL mode readers stop no writer.
 * Each step is followed by a rest as long as itself (or nearly), and what was written is synced as it goes: group commits share this disk.
 */
export async function copySqlite<T>(file: string, to: string, look: (ask: Ask) => Promise<T>): Promise<T> {
  const db = new Sqlite(file, { readonly: true, timeout: 10_000 });
  try {
    db.exec('begin');
    const seen = await look(async (sql) => db.prepare(sql).pluck().get() as number);
    let steppedAt = performance.now();
    let steps = 0;
    let copy: number | null = null;
    await db.backup(to, {
      progress: () => {
        copy ??= openSync(to, 'r+');
        if (++steps % CHUNKS_A_SYNC === 0) fdatasyncSync(copy);
        rest(Math.min(LONGEST_REST_MS, performance.now() - steppedAt));
        steppedAt = performance.now();
        return PAGES_AT_ONCE;
      },
    });
    if (copy !== null) closeSync(copy);
    return seen;
  } finally {
    db.close();
  }
}

/** Makes a copy one file that needs no other beside it, reads all of it, and says what is wrong with it (nothing: it is whole). */
export async function checkSqlite<T>(
  file: string,
  look: (ask: Ask) => Promise<T>,
): Promise<{ flaws: string[]; seen: T }> {
  const db = new Sqlite(file);
  try {
    db.pragma('journal_mode = delete');
    const said = db.pragma('integrity_check') as { integrity_check: string }[];
    const flaws = said.map((row) => row.integrity_check).filter((line) => line !== 'ok');
    return { flaws, seen: await look(async (sql) => db.prepare(sql).pluck().get() as number) };
  } finally {
    db.close();
  }
}

/** Runs statements on a database that nobody uses yet. */
export async function changeSqlite<T>(
  file: string,
  statements: readonly string[],
  look: (ask: Ask) => Promise<T>,
): Promise<T> {
  const db = new Sqlite(file, { fileMustExist: true });
  try {
    const seen = await look(async (sql) => db.prepare(sql).pluck().get() as number);
    db.transaction(() => {
      for (const statement of statements) db.exec(statement);
    })();
    return seen;
  } finally {
    db.close();
  }
}

/** How much a copy of it will take, in bytes; null where there is no database. */
export function sizeOfSqlite(file: string): number | null {
  if (!existsSync(file)) return null;
  const db = new Sqlite(file, { readonly: true, timeout: 10_000 });
  try {
    return (db.pragma('page_count', { simple: true }) as number) * (db.pragma('page_size', { simple: true }) as number);
  } finally {
    db.close();
  }
}
