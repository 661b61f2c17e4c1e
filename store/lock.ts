import Sqlite from 'better-sqlite3';

/**
 * Holds an exclusive lock on a file until released or until the process dies, however it dies: the lock is the kernel's, taken
 * through SQLite because Node has no flock of its own. Returns null when somebody else has held it for `waitMs`.
 */
export function holdLock(file: string, waitMs: number): (() => void) | null {
  const db = new Sqlite(file, { timeout: waitMs });
  try {
    db.pragma('journal_mode = memory');
    db.exec('begin exclusive');
  } catch (cause) {
    db.close();
    if (cause instanceof Sqlite.SqliteError && cause.code.startsWith('SQLITE_BUSY')) return null;
    throw cause;
  }
  return () => db.close();
}
