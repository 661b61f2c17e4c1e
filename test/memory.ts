import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshDatabase, postgresAvailable, startPostgres } from './postgres.ts';

/** A folder that is gone when the test is. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'shouwang-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** One of the two engines, started for a suite; `database()` is the URL of a new, empty one. */
export type Engine = {
  readonly name: string;
  readonly unavailable: string | null;
  readonly start: () => Promise<{ database: () => Promise<string>; stop: () => Promise<void> }>;
};

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
  },
  {
    name: 'PostgreSQL',
    unavailable: postgresAvailable(),
    async start() {
      const server = await startPostgres();
      return { database: () => freshDatabase(server.url), stop: server.stop };
    },
  },
];
