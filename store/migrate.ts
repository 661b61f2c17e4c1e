import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Migrator } from 'kysely/migration';
import { type Location, openPostgres, openSqlite } from './engine.ts';
import { waitForLock } from './lock.ts';
import { migrations } from './migrations.ts';

/** Brings the schema to this program's version. Two starters take turns: by an advisory lock on PostgreSQL, a lock file beside SQLite. */
export async function migrate(location: Location): Promise<void> {
  const { engine, url } = location;
  if (engine === 'sqlite') mkdirSync(dirname(url), { recursive: true });
  const release = engine === 'sqlite' ? await waitForLock(`${url}.migrating`, 60_000) : () => {};
  if (!release) throw new Error(`Another process has been changing ${url} for a minute; end it, then start again.`);
  const db = engine === 'sqlite' ? openSqlite(url, 'write') : openPostgres(url);
  try {
    const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations(engine) } });
    const { error } = await migrator.migrateToLatest();
    if (error) {
      throw new Error(
        'The database could not be brought to the version of this program. A newer Shouwang may have used it: run that one.',
        {
          cause: error,
        },
      );
    }
  } finally {
    await db.destroy();
    release();
  }
}
