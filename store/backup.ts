import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve, sep } from 'node:path';
import * as z from 'zod';
import { copyFiles, filesOf, freeBytes, onSameDisk, type Part, partOf, sync } from './backup-folder.ts';
import { type Holds, holdsOf } from './backup-holds.ts';
import { checkDump, dumpPostgres, type Environment } from './backup-postgres.ts';
import { BackupRefused } from './backup-refused.ts';
import { checkSqlite, copySqlite, sizeOfSqlite } from './backup-sqlite.ts';
import { locate } from './engine.ts';
import { tryLock } from './lock.ts';
import type { Engine } from './schema.ts';

/** What stands beside a backup's files. A folder without it is none. */
const manifest = z.object({
  format: z.literal(1),
  program: z.string(),
  engine: z.enum(['sqlite', 'postgres']),
  /** Everything committed before this moment of the server's clock is in it. */
  takenAt: z.number(),
  host: z.string(),
  holds: z.record(z.string(), z.number()),
  parts: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
});
export type Manifest = z.infer<typeof manifest>;

const MANIFEST = 'manifest.json';
export const DATA = 'data';
export const databasePart = { sqlite: 'shouwang.db', postgres: 'shouwang.pgdump' } as const satisfies Record<
  Engine,
  string
>;

export function readManifest(backup: string): Manifest {
  const file = join(backup, MANIFEST);
  if (!existsSync(file)) throw new BackupRefused(`${backup} is no whole backup: it has no ${MANIFEST}.`);
  const read = manifest.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!read.success)
    throw new BackupRefused(`${file} is not one that this Shouwang understands: ${read.error.message}`);
  return read.data;
}

export type TakeOptions = {
  readonly databaseUrl: string;
  readonly dataDir: string;
  /** The folder in which the backup gets a folder of its own, named for the moment. */
  readonly into: string;
  /** How many backups stay in it, with the new one; null: all of them. */
  readonly keep: number | null;
  readonly now: () => number;
  readonly program: string;
  readonly host: string;
  readonly environment: Environment;
};

export type Taken = Manifest & {
  readonly folder: string;
  readonly bytes: number;
  readonly removed: readonly string[];
  /** One disk that dies takes the data and the backup with it. */
  readonly sameDisk: boolean;
};

const NAME = /^shouwang-\d{4}-\d\d-\d\dT\d{6}Z$/;
const DRAFT = '.unfinished';
const nameAt = (at: number): string =>
  `shouwang-${new Date(at).toISOString().replace(/\.\d+/, '').replaceAll(':', '')}`;

const isWithin = (path: string, folder: string): boolean =>
  `${resolve(path)}${sep}`.startsWith(`${resolve(folder)}${sep}`);

function checkPlace({ databaseUrl, dataDir, into }: TakeOptions, engine: Engine): void {
  if (isWithin(into, dataDir))
    throw new BackupRefused(
      `${into} is within the data folder ${dataDir}: name a folder elsewhere, best on another machine's disk.`,
    );
  if (engine === 'postgres') return;
  const size = sizeOfSqlite(databaseUrl);
  if (size === null)
    throw new BackupRefused(`There is no database at ${databaseUrl}: set SHOUWANG_DATA_DIR to the data folder.`);
  mkdirSync(into, { recursive: true });
  // A disk filled by its own backup would stop the intake.
  const needed = onSameDisk(into, dataDir) ? 2 * size : 1.05 * size;
  const free = freeBytes(into);
  if (free < needed)
    throw new BackupRefused(
      `${into} has ${megabytes(free)} MB free, and ${megabytes(needed)} MB are wanted: make room, or name another folder.`,
    );
}

export const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);

async function copyDatabase(engine: Engine, options: TakeOptions, draft: string): Promise<Holds> {
  const file = join(draft, databasePart[engine]);
  if (engine === 'postgres') {
    const holds = await dumpPostgres(options.databaseUrl, file, options.environment, holdsOf);
    await checkDump(file, options.environment);
    return holds;
  }
  const holds = await copySqlite(options.databaseUrl, file, holdsOf);
  const { flaws, seen } = await checkSqlite(file, holdsOf);
  const first = flaws[0] ?? (JSON.stringify(seen) === JSON.stringify(holds) ? null : 'it holds something else');
  if (first !== null) throw new Error(`the copy is not what was copied: ${first}`);
  return holds;
}

/** Drafts of backups that ended before their time, and all but the newest. */
function forget(into: string, keep: number | null): string[] {
  const found = readdirSync(into);
  const whole = found.filter((name) => NAME.test(name) && existsSync(join(into, name, MANIFEST))).sort();
  const going = keep === null ? [] : whole.slice(0, Math.max(0, whole.length - keep));
  const drafts = found.filter((name) => name.endsWith(DRAFT) && NAME.test(name.slice(0, -DRAFT.length)));
  for (const name of [...going, ...drafts]) rmSync(join(into, name), { recursive: true, force: true });
  return going;
}

/**
 * Backs up a system that may be running: its database as it is at one moment, and what else is in its data folder. The folder has its
 * name only when all of it is on disk and has been read again.
 */
export async function takeBackup(options: TakeOptions): Promise<Taken> {
  const { databaseUrl, dataDir, into, keep } = options;
  const { engine } = locate(databaseUrl);
  checkPlace(options, engine);
  mkdirSync(into, { recursive: true });
  const release = tryLock(join(into, '.lock'));
  if (!release) throw new BackupRefused(`Another backup is being made in ${into}: let that one end.`);
  forget(into, null);
  const takenAt = options.now();
  const folder = join(into, nameAt(takenAt));
  const draft = `${folder}${DRAFT}`;
  try {
    if (existsSync(folder)) throw new BackupRefused(`${folder} is there already: a backup is never written over.`);
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    const holds = await copyDatabase(engine, options, draft);
    chmodSync(join(draft, databasePart[engine]), 0o600);
    const files = filesOf(dataDir);
    copyFiles(files, dataDir, join(draft, DATA));
    const paths = [databasePart[engine], ...files.map((file) => join(DATA, file))];
    const parts: Part[] = [];
    for (const path of paths) {
      sync(join(draft, path));
      parts.push(await partOf(draft, path));
    }
    const made: Manifest = {
      ...{ format: 1, program: options.program, engine, takenAt, host: options.host, holds, parts },
    };
    writeFileSync(join(draft, MANIFEST), `${JSON.stringify(made, null, 2)}\n`, { flush: true, mode: 0o600 });
    sync(draft);
    renameSync(draft, folder);
    sync(into);
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    return {
      ...made,
      folder,
      bytes,
      removed: forget(into, keep),
      sameDisk: existsSync(dataDir) && onSameDisk(into, dataDir),
    };
  } finally {
    rmSync(draft, { recursive: true, force: true });
    release();
  }
}
