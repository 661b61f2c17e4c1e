import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** One file of a backup, by its place in the backup's folder. */
export type Part = { readonly path: string; readonly bytes: number; readonly sha256: string };

/** In the data folder, but not of it: the database is copied on its own, and the others belong to the processes of this machine. */
const APART = /^(locks|instance|ballast|clock\.json)|^shouwang\.db/;

/** All files of a data folder that a backup takes as they are: keys, certificates. */
export const filesOf = (dataDir: string): string[] =>
  existsSync(dataDir)
    ? readdirSync(dataDir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(join(dataDir, sep).length))
        .filter((path) => !APART.test(path))
        .sort()
    : [];

export function copyFiles(paths: readonly string[], from: string, to: string): void {
  for (const path of paths) {
    mkdirSync(dirname(join(to, path)), { recursive: true, mode: 0o700 });
    copyFileSync(join(from, path), join(to, path));
  }
}

export async function partOf(folder: string, path: string): Promise<Part> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(join(folder, path), { highWaterMark: 1_024 * 1_024 })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { path, bytes, sha256: hash.digest('hex') };
}

/** On disk, not only written: a file with its bytes, a folder with its names. */
export function sync(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

export const freeBytes = (folder: string): number => {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
};

export const onSameDisk = (a: string, b: string): boolean => statSync(a).dev === statSync(b).dev;
