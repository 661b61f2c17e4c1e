import Sqlite from 'better-sqlite3';

/** SQLite's write-ahead log from which on it is emptied into the database file; some seconds of a busy city. */
const LONG_BYTES = 64 * 1_024 * 1_024;
/** What may be left for the moment in which the writer has to wait: some milliseconds. */
const FEW_FRAMES = 1_000;
/** How long that moment may last; somebody who reads may make it longer, and then the next one will do. */
const BLOCKED_AT_MOST_MS = 50;
const PASSES = 4;
/** What a pass that has little to copy takes of a disk at its best; beginning the log anew takes the writer twice that. */
const QUICK_MS = 100;
/** On a slow disk everybody waits for a new log, so it may grow to so many times its length before. The writer would do it at four times. */
const LONGER = 3;

type Progress = { readonly busy: number; readonly log: number; readonly checkpointed: number };

export type LogKeeper = { readonly tend: () => void; readonly close: () => void };

/** What a page of the database takes more of the log, bytes. */
const FRAME_HEADER = 24;

/**
 * Empties the log beside the writer, so that no group commit waits while megabytes are copied and synchronised: pass by pass without
 * any lock until little is left, then that little with the writer shut out, after which the log begins anew. The file keeps its length.
 */
export function openLogKeeper(file: string, longBytes = LONG_BYTES): LogKeeper {
  const db = new Sqlite(file, { timeout: BLOCKED_AT_MOST_MS });
  db.pragma('synchronous = full');
  db.pragma('wal_autocheckpoint = 0');
  const long = longBytes / (Number(db.pragma('page_size', { simple: true })) + FRAME_HEADER);
  /** Of how many frames the log is looked after. */
  let due = long;

  function checkpoint(mode: 'noop' | 'passive' | 'restart'): Progress & { readonly isQuick: boolean } {
    const from = performance.now();
    const [progress] = db.pragma(`wal_checkpoint(${mode})`) as Progress[];
    return { ...(progress ?? { busy: 1, log: 0, checkpointed: 0 }), isQuick: performance.now() - from < QUICK_MS };
  }

  return {
    tend() {
      if (checkpoint('noop').log < due) return;
      for (let pass = 0; pass < PASSES; pass++) {
        const { log, checkpointed, isQuick } = checkpoint('passive');
        if (log - checkpointed < FEW_FRAMES && (isQuick || log >= LONGER * long)) {
          checkpoint('restart');
          due = long;
          return;
        }
        // The first had megabytes to copy and tells nothing of the disk.
        if (pass > 0 && !isQuick) {
          due = Math.min(log + long, LONGER * long);
          return;
        }
      }
    },
    close: () => void db.close(),
  };
}
