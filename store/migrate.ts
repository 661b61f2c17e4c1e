import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { DEFAULT_MIGRATION_TABLE, Migrator } from 'kysely/migration';
import { type Location, openSqlite } from './engine.ts';
import { failureOf } from './failure.ts';
import { waitForLock } from './lock.ts';
import { migrations } from './migrations.ts';
import { openPostgres, refusesUs, Unfit } from './postgres.ts';
import type { Tables } from './schema.ts';

const ASK_AGAIN_MS = 1_000;
const SAY_AGAIN_MS = 5_000;

/** Kysely's words for a schema that went further than we know. */
const LATER = /previously executed migration (\S+) is missing/;

/** A start with nothing to change takes no lock on the file: an auditor must get through beside a writer that never rests. */
async function isUpToDate(db: Kysely<Tables>, wanted: readonly string[]): Promise<boolean> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return false;
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)}`.execute(db);
  return rows.length === wanted.length && rows.every(({ name }) => wanted.includes(name));
}

async function migrateNow({ engine, url }: Location): Promise<void> {
  const db = engine === 'sqlite' ? openSqlite(url, 'write') : openPostgres(url, { connections: 2, impatient: false });
  try {
    const wanted = migrations(engine);
    if (engine === 'sqlite' && (await isUpToDate(db, Object.keys(wanted)))) return;
    const migrator = new Migrator({ db, provider: { getMigrations: async () => wanted } });
    const { error } = await migrator.migrateToLatest();
    if (error === undefined) return;
    if (failureOf(error) === 'unavailable') throw error;
    const later = LATER.exec(error instanceof Error ? error.message : '')?.[1];
    if (later) {
      throw new Unfit(
        `The database is that of a newer Shouwang (${later}), and nothing was changed in it: start that version again, or restore a backup that is older than it.`,
      );
    }
    throw new Error('The database could not be brought to the version of this program.', { cause: error });
  } finally {
    await db.destroy();
  }
}

/** A database that is not there yet is waited for: whoever starts both at once need not say which comes first. */
async function migrateWhenThere(location: Location, warn: (sentence: string) => void): Promise<void> {
  for (let saidAt = Number.NEGATIVE_INFINITY; ; await setTimeout(ASK_AGAIN_MS)) {
    try {
      return await migrateNow(location);
    } catch (error) {
      const { message, cause } = error as Error;
      if (cause instanceof Unfit) throw cause;
      if (cause && refusesUs(cause))
        throw new Unfit(`PostgreSQL does not let us in: ${message}. Set SHOUWANG_DATABASE_URL right.`);
      if (failureOf(error) !== 'unavailable') throw error;
      if (performance.now() - saidAt < SAY_AGAIN_MS) continue;
      saidAt = performance.now();
      warn(`waiting to start: ${message}`);
    }
  }
}

/** Brings the schema to this program's version. Two starters take turns: by an advisory lock on PostgreSQL, a lock file beside SQLite. */
export async function migrate(location: Location, warn: (sentence: string) => void = () => {}): Promise<void> {
  const { engine, url } = location;
  if (engine === 'postgres') return migrateWhenThere(location, warn);
  mkdirSync(dirname(url), { recursive: true });
  const release = await waitForLock(`${url}.migrating`, 60_000);
  if (!release) throw new Error(`Another process has been changing ${url} for a minute; end it, then start again.`);
  try {
    await migrateNow(location);
  } finally {
    release();
  }
}
