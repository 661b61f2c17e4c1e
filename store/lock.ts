import { setTimeout } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';

/** Locks held by this process: a connection that nobody refers to would be collected, and its lock with it. */
const held = new Set<Sqlite.Database>();

/**
 * Takes an exclusive lock on a file, kept until released or until the process dies, however it dies: the lock is the kernel's,
 * taken through SQLite because Node has no flock of its own. Null when somebody else has it.
 */
export function tryLock(file: string): (() => void) | null {
  const db = new Sqlite(file, { timeout: 0 });
  try {
    db.pragma('journal_mode = memory');
    db.exec('begin exclusive');
  } catch (cause) {
    db.close();
    if (cause instanceof Sqlite.SqliteError && cause.code.startsWith('SQLITE_BUSY')) return null;
    throw cause;
  }
  held.add(db);
  return () => {
    held.delete(db);
    db.close();
  };
}

/** The same, waiting up to `waitMs` for whoever has it. */
export async function waitForLock(file: string, waitMs: number): Promise<(() => void) | null> {
  for (const until = performance.now() + waitMs; ; await setTimeout(20)) {
    const release = tryLock(file);
    if (release || performance.now() > until) return release;
  }
}
