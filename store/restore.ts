import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DATA, databasePart, type Manifest, readManifest } from './backup.ts';
import { partOf, sync } from './backup-folder.ts';
import { afterRestore, holdsOf } from './backup-holds.ts';
import { type Environment, isEmptyPostgres, restorePostgres } from './backup-postgres.ts';
import { BackupRefused } from './backup-refused.ts';
import { changeSqlite } from './backup-sqlite.ts';
import { locate } from './engine.ts';
import { waitForLock } from './lock.ts';
import { migrate } from './migrate.ts';

export type RestoreOptions = {
  readonly backup: string;
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly now: () => number;
  readonly environment: Environment;
};

const spelled = { sqlite: 'SQLite, in the data folder', postgres: 'PostgreSQL' } as const;

async function checkPlace({ backup, databaseUrl, dataDir }: RestoreOptions, { engine }: Manifest): Promise<void> {
  const here = locate(databaseUrl).engine;
  if (here !== engine)
    throw new BackupRefused(
      `${backup} is one of ${spelled[engine]}; ${engine === 'postgres' ? 'set SHOUWANG_DATABASE_URL to an empty database' : 'leave SHOUWANG_DATABASE_URL out'}.`,
    );
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0)
    throw new BackupRefused(
      `The data folder ${dataDir} is not empty, and nothing is ever restored over something: set SHOUWANG_DATA_DIR to a new folder, or move this one away.`,
    );
  if (engine === 'postgres' && !(await isEmptyPostgres(databaseUrl)))
    throw new BackupRefused(
      'The database is not empty, and nothing is ever restored over something: create a new one and name that.',
    );
}

/** Copies what is in a backup to where it belongs, each file as its sum says it was. */
async function copyParts(backup: string, { parts, engine }: Manifest, dataDir: string): Promise<void> {
  const damaged = (path: string): BackupRefused =>
    new BackupRefused(`${join(backup, path)} is not what was written (its SHA-256 differs): use another backup.`);
  for (const part of parts) {
    if (part.path === databasePart.postgres) {
      if ((await partOf(backup, part.path)).sha256 !== part.sha256) throw damaged(part.path);
      continue;
    }
    const path = part.path === databasePart[engine] ? part.path : part.path.slice(DATA.length + 1);
    const to = join(dataDir, path);
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    copyFileSync(join(backup, part.path), to);
    sync(to);
    if ((await partOf(dataDir, path)).sha256 !== part.sha256) throw damaged(part.path);
  }
}

/**
 * Puts a backup where nothing is yet. What was acknowledged after it was taken is lost. Sessions and login links end, and every
 * unresolved alert is due at once. A start during it waits until it is done.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Manifest> {
  const { backup, databaseUrl, dataDir } = options;
  const manifest = readManifest(backup);
  await checkPlace(options, manifest);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const release = manifest.engine === 'sqlite' ? await waitForLock(`${databaseUrl}.migrating`, 1_000) : () => {};
  if (!release) throw new BackupRefused(`Somebody else is working on ${dataDir}: let them end.`);
  let whole = false;
  try {
    await copyParts(backup, manifest, dataDir);
    const changes = afterRestore(options.now());
    const seen =
      manifest.engine === 'sqlite'
        ? await changeSqlite(databaseUrl, changes, holdsOf)
        : await restorePostgres(
            databaseUrl,
            join(backup, databasePart.postgres),
            options.environment,
            changes,
            holdsOf,
          );
    const differs = Object.entries(seen).find(([name, count]) => manifest.holds[name] !== count);
    if (differs)
      throw new Error(
        `what was restored has ${differs[1]} ${differs[0]}, and the backup had ${manifest.holds[differs[0]]}`,
      );
    whole = true;
  } finally {
    // What was empty is empty again, so that the next attempt is not refused.
    if (!whole) for (const name of readdirSync(dataDir)) rmSync(join(dataDir, name), { recursive: true, force: true });
    release();
  }
  await migrate(locate(databaseUrl));
  return manifest;
}
