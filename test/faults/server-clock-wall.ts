import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Debian's libfaketime, wherever this machine's architecture has it. */
function library(): string | null {
  const folders = readdirSync('/usr/lib', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const files = folders.map(({ name }) => join('/usr/lib', name, 'faketime/libfaketimeMT.so.1'));
  return files.find(existsSync) ?? null;
}

export const wallUnavailable = (): string | null => (library() ? null : 'libfaketime is not installed');

/** The wall clock of whatever is started with `env`: it can be set while that runs. The monotonic clock stays as it is. */
export type Wall = {
  readonly env: Readonly<Record<string, string>>;
  /** By how much it is off, ms. */
  readonly set: (offMs: number) => void;
  readonly offMs: () => number;
};

export function settableWall(folder: string): Wall {
  const file = join(folder, 'wall');
  let off = 0;
  const set = (offMs: number): void => {
    off = offMs;
    writeFileSync(`${file}.new`, `${offMs < 0 ? '-' : '+'}${Math.abs(offMs / 1_000).toFixed(3)}\n`);
    renameSync(`${file}.new`, file);
  };
  set(0);
  return {
    env: {
      LD_PRELOAD: library() ?? '',
      FAKETIME_TIMESTAMP_FILE: file,
      // Its own cache would make a step arrive in one thread up to ten seconds before another.
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
    set,
    offMs: () => off,
  };
}
