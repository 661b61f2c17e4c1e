import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { memoryFolder } from '../memory.ts';

/** A real file system of a few megabytes, that can be filled by somebody else's file. */
export type SmallDisk = {
  readonly path: string;
  readonly kind: string;
  readonly usedPercent: () => number;
  readonly freeMb: () => number;
  /** Fills it until that is enough, or to the last byte. */
  readonly fill: (isEnough?: () => boolean) => void;
  readonly makeRoom: () => void;
  readonly remove: () => void;
};

const CHUNK = 65_536;
const MEGABYTE = 1_048_576;

const succeeds = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;

/** A file with a file system in it where the machine has loop devices, else one in memory. */
function mount(folder: string, megabytes: number): string | null {
  const path = join(folder, 'disk');
  const image = join(folder, 'image');
  mkdirSync(path);
  const file = openSync(image, 'w');
  ftruncateSync(file, megabytes * MEGABYTE);
  closeSync(file);
  // Without the reserve of the super-user, who may be who plays this.
  if (succeeds('mkfs.ext4', '-q', '-F', '-m', '0', image) && succeeds('mount', '-o', 'loop', image, path))
    return 'ext4';
  return succeeds('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path) ? 'tmpfs' : null;
}

export function startSmallDisk(megabytes: number): SmallDisk | null {
  const folder = memoryFolder();
  const kind = mount(folder.path, megabytes);
  const path = join(folder.path, 'disk');
  const remove = () => {
    process.off('exit', remove);
    if (kind) spawnSync('umount', ['-l', path]);
    folder.remove();
  };
  if (!kind) {
    remove();
    return null;
  }
  process.once('exit', remove);
  const fillers: string[] = [];
  const usedPercent = () => {
    const { blocks, bavail } = statfsSync(path);
    return 100 * (1 - bavail / blocks);
  };
  const freeMb = () => {
    const { bsize, bavail } = statfsSync(path);
    return (bavail * bsize) / MEGABYTE;
  };
  return {
    ...{ path, kind, usedPercent, freeMb, remove },
    fill(isEnough = () => false) {
      const filler = join(path, `filler-${fillers.length}`);
      const file = openSync(filler, 'w');
      fillers.push(filler);
      try {
        for (const chunk = Buffer.alloc(CHUNK, 1); !isEnough(); ) writeSync(file, chunk);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        closeSync(file);
      }
    },
    makeRoom() {
      for (const filler of fillers.splice(0)) rmSync(filler);
    },
  };
}

export function smallDiskAvailable(): string | null {
  const disk = startSmallDisk(8);
  disk?.remove();
  return disk ? null : 'this user may not mount a small disk';
}
