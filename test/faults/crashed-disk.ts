import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Dice } from '../../device-sim/dice.ts';
import type { Step, Write } from './strace-log.ts';

type Change = Write | Extract<Step, { kind: 'truncate' }>;
type Entry = { readonly kind: 'create' | 'unlink'; readonly path: string; readonly file: File; readonly done: number };

/** One file's content as the disk surely has it, and what has been written since. */
type File = { durable: Buffer; size: number; pending: Change[] };

export type CrashedDisk = {
  readonly apply: (step: Step) => void;
  /** Writes into a folder what a power cut might leave, as the dice fall. */
  readonly image: (folder: string, dice: Dice) => void;
  /** What the files hold for whoever reads them while the power is on. */
  readonly believed: () => ReadonlyMap<string, Buffer>;
  /** How many changes the disk might not have. */
  readonly uncertain: () => number;
};

const SECTORS = [512, 4_096] as const;
const WAYS = ['none', 'all', 'first', 'some', 'torn'] as const;

function change(file: File, step: Change): void {
  const end = step.kind === 'write' ? step.at + step.bytes.length : step.size;
  if (end > file.durable.length) {
    const larger = Buffer.alloc(Math.max(end, file.durable.length * 2));
    file.durable.copy(larger, 0, 0, file.size);
    file.durable = larger;
  }
  if (step.kind === 'write') {
    step.bytes.copy(file.durable, step.at);
    file.size = Math.max(file.size, end);
  } else {
    file.durable.fill(0, Math.min(end, file.size), file.size);
    file.size = end;
  }
}

function syncFile(file: File, began: number, failed: boolean): void {
  const covered = file.pending.filter((step) => step.done < began);
  if (failed) {
    // The kernel takes what it failed to write for written: no later synchronisation will try again.
    for (const step of covered) step.done = Number.POSITIVE_INFINITY;
    return;
  }
  for (const step of covered) change(file, step);
  file.pending = file.pending.filter((step) => step.done >= began);
}

/** What of the pending changes is on the disk: everything from nothing to all, in any order, and torn at its sectors. */
function survivors(pending: readonly Change[], dice: Dice): Change[] {
  const way = dice.pick(WAYS);
  switch (way) {
    case 'none':
      return [];
    case 'all':
      return [...pending];
    case 'first': {
      const kept = pending.slice(0, dice.whole(0, pending.length));
      const last = kept.pop();
      return last ? [...kept, ...sectors(last, dice, dice.next())] : [];
    }
    case 'some': {
      const share = dice.next();
      return pending.filter(() => dice.chance(share));
    }
    case 'torn': {
      const share = dice.next();
      return pending.flatMap((step) => sectors(step, dice, share));
    }
    default:
      return way satisfies never;
  }
}

/** A write cut up where the disk's sectors end: each is there or not, whatever became of its neighbours. */
function sectors(step: Change, dice: Dice, share: number): Change[] {
  if (step.kind === 'truncate') return dice.chance(share) ? [step] : [];
  const size = dice.pick(SECTORS);
  const kept: Change[] = [];
  for (let from = 0; from < step.bytes.length; ) {
    const to = Math.min(step.bytes.length, (Math.floor((step.at + from) / size) + 1) * size - step.at);
    if (dice.chance(share)) kept.push({ ...step, at: step.at + from, bytes: step.bytes.subarray(from, to) });
    from = to;
  }
  return kept;
}

function writeFile(path: string, { durable, size }: File, kept: readonly Change[]): void {
  const file = openSync(path, 'w');
  writeSync(file, durable, 0, size, 0);
  for (const step of kept) {
    if (step.kind === 'write') writeSync(file, step.bytes, 0, step.bytes.length, step.at);
    else ftruncateSync(file, step.size);
  }
  closeSync(file);
}

/**
 * A disk that keeps what it was told to synchronise and is free with all else. The folder itself is there from the start, and in it
 * the files of `there`. `hears`: whether a file's synchronisation reaches it at all.
 */
export function crashedDisk({
  hears = () => true,
  there = new Map(),
}: {
  hears?: (path: string) => boolean;
  there?: ReadonlyMap<string, Buffer>;
} = {}): CrashedDisk {
  const files = new Map<string, File>();
  for (const [path, durable] of there) files.set(path, { durable, size: durable.length, pending: [] });
  const durableEntries = new Map(files);
  let entries: Entry[] = [];

  const enter = (to: Map<string, File>, { kind, path, file }: Entry): void => {
    if (kind === 'create') to.set(path, file);
    else if (to.get(path) === file) to.delete(path);
  };

  return {
    apply(step) {
      switch (step.kind) {
        case 'ack':
          return;
        case 'write':
        case 'truncate':
          files.get(step.path)?.pending.push(step);
          return;
        case 'create': {
          const file = { durable: Buffer.alloc(0), size: 0, pending: [] };
          files.set(step.path, file);
          entries.push({ ...step, file });
          return;
        }
        case 'unlink': {
          const file = files.get(step.path);
          files.delete(step.path);
          if (file) entries.push({ ...step, file });
          return;
        }
        case 'sync': {
          const file = files.get(step.path);
          if (file && hears(step.path)) syncFile(file, step.began, step.failed);
          if (file || step.failed) return;
          for (const entry of entries) if (entry.done < step.began) enter(durableEntries, entry);
          entries = entries.filter((entry) => entry.done >= step.began);
          return;
        }
        default:
          return step satisfies never;
      }
    },
    image(folder, dice) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      const found = new Map(durableEntries);
      for (const entry of entries) if (dice.chance(0.5)) enter(found, entry);
      for (const [path, file] of found) writeFile(join(folder, basename(path)), file, survivors(file.pending, dice));
    },
    believed: () =>
      new Map(
        [...files].map(([path, { durable, size, pending }]) => {
          const now: File = { durable: Buffer.from(durable), size, pending: [] };
          for (const step of pending) change(now, step);
          return [path, now.durable.subarray(0, now.size)];
        }),
      ),
    uncertain: () => entries.length + [...files.values()].reduce((sum, { pending }) => sum + pending.length, 0),
  };
}

export const isBeside =
  (database: string) =>
  (path: string): boolean =>
    path === dirname(database) || [database, `${database}-wal`, `${database}-journal`].includes(path);
