import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Who a data folder is among those that share one database: made at its first start and kept, so that a process that starts again is
 * the one that it was. Written aside and linked into place: of two that start at once both read the same one, whole.
 */
export function instanceOf(dataDir: string): string {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, 'instance');
  const made = randomBytes(4).toString('hex');
  const aside = `${file}.${made}`;
  writeFileSync(aside, `${made}\n`, { flush: true });
  try {
    linkSync(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside);
  }
  return readFileSync(file, 'utf8').trim();
}
