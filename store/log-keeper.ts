import { statSync } from 'node:fs';
import Sqlite from 'better-sqlite3';

/** SQLite's write-ahead log from which on it is emptied into the database file; some seconds of a busy city. */
const LONG_BYTES = 64 * 1_024 * 1_024;
/** What may be left for the moment in which the writer has to wait: some milliseconds. */
const FEW_FRAMES = 1_000;
/** How long that moment may last; somebody who reads may make it longer, and then the next one will do. */
const BLOCKED_AT_MOST_MS = 50;
const PASSES = 4;

type Progress = { readonly busy: number; readonly log: number; readonly checkpointed: number };

export type LogKeeper = { readonly tend: () => void; readonly close: () => void };

const bytesOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/**
 * Empties the log beside the writer, so that no group commit waits while megabytes are copied and synchronised: pass by pass without
 * any lock until little is left, then that little with the writer shut out, after which the log begins anew.
 */
export function openLogKeeper(file: string, longBytes = LONG_BYTES): LogKeeper {
  const db = new Sqlite(file, { timeout: BLOCKED_AT_MOST_MS });
  db.pragma('synchronous = full');
  db.pragma('wal_autocheckpoint = 0');
  const checkpoint = (mode: 'passive' | 'restart'): Progress => {
    const [progress] = db.pragma(`wal_checkpoint(${mode})`) as Progress[];
    return progress ?? { busy: 1, log: 0, checkpointed: 0 };
  };

  return {
    tend() {
      if (bytesOf(`${file}-wal`) < longBytes) return;
      for (let pass = 0; pass < PASSES; pass++) {
        const { log, checkpointed } = checkpoint('passive');
        if (log - checkpointed >= FEW_FRAMES) continue;
        checkpoint('restart');
        return;
      }
    },
    close: () => void db.close(),
  };
}
