import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { open, rename, stat, statfs, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { repeat, type Stop } from './lifecycle.ts';
import type { Log } from './log.ts';

/**
 * A file that only takes up room on the data disk, so that there is some to give when everything else has gone. What it is now is all
 * there is to know: whole, or emptied because the disk was full, or not there because it was never made.
 */
export type Ballast = { readonly folder: string; readonly megabytes: number; readonly log: Log };

/** What is seen of a disk: room that is left to us, and what the ballast holds; null when there is none. */
export type Room = { readonly freeBytes: number; readonly heldBytes: number | null };

const MEGABYTE = 1_048_576;
/** A disk can be filled within seconds. A commit that found no room is asked again after as long. */
const LOOK_EVERY_MS = 250;
const MAKE_AGAIN_AFTER_MS = 60_000;
/** A megabyte at a time, and a rest: who waits for the same disk waits for one of them at most. */
const REST_MS = 25;
/** Less than this and not even a start gets through. */
const START_BYTES = 2 * MEGABYTE;
const SAY_AGAIN_MS = 60_000;

/** It is given away before the last of the disk is used, and made where it is a small part of what is left. */
export function dueBallast({ freeBytes, heldBytes }: Room, bytes: number): 'release' | 'make' | 'rest' {
  if (heldBytes && freeBytes < bytes / 8) return 'release';
  return !heldBytes && freeBytes >= bytes * 4 ? 'make' : 'rest';
}

const fileIn = (folder: string): string => join(folder, 'ballast');
const unfinishedIn = (folder: string): string => `${fileIn(folder)}.new`;

/** Of a process that was killed over it: as large, held back for nothing. */
const removeUnfinished = (folder: string): void => rmSync(unfinishedIn(folder), { force: true });

async function roomOf(folder: string): Promise<Room> {
  const { bavail, bsize } = await statfs(folder);
  const held = await stat(fileIn(folder)).catch(() => null);
  return { freeBytes: bavail * bsize, heldBytes: held?.size ?? null };
}

/** True from when the disk was full until there is room for a new one. */
export const isBallastReleased = async (folder: string): Promise<boolean> => (await roomOf(folder)).heldBytes === 0;

async function release({ folder, log }: Ballast, { freeBytes, heldBytes }: Room): Promise<void> {
  await truncate(fileIn(folder), 0);
  log.error({ freeBytes, heldBytes }, 'the data disk is full: its ballast has been released, and nothing else is left');
}

/** Writes what no file system stores in less room. False when it was given up because the disk fills meanwhile. */
async function make({ folder, megabytes, log }: Ballast, isStopped: () => boolean): Promise<boolean> {
  const unfinished = unfinishedIn(folder);
  const file = await open(unfinished, 'w');
  try {
    for (let written = 0; written < megabytes; written++) {
      const { freeBytes } = await roomOf(folder);
      if (isStopped() || freeBytes < 2 * megabytes * MEGABYTE) return false;
      await file.write(randomBytes(MEGABYTE));
      await file.datasync();
      await setTimeout(REST_MS);
    }
    await rename(unfinished, fileIn(folder));
    log.info({ megabytes }, 'the data disk has its ballast');
    return true;
  } finally {
    await file.close();
    removeUnfinished(folder);
  }
}

/** Keeps the ballast as it should be: made when there is plenty of room, given away when there is none. */
export function startBallast(ballast: Ballast): Stop {
  const { folder, megabytes, log } = ballast;
  removeUnfinished(folder);
  if (megabytes === 0) {
    rmSync(fileIn(folder), { force: true });
    return () => {};
  }
  let stopped = false;
  let saidNone = false;
  let makeAfter = Number.NEGATIVE_INFINITY;

  const looking = repeat(log, 'ballast', LOOK_EVERY_MS, async () => {
    const room = await roomOf(folder);
    const due = dueBallast(room, megabytes * MEGABYTE);
    if (due === 'release') await release(ballast, room);
    if (due === 'make' && performance.now() > makeAfter) {
      makeAfter = performance.now() + MAKE_AGAIN_AFTER_MS;
      if (await make(ballast, () => stopped)) makeAfter = Number.NEGATIVE_INFINITY;
    }
    if (due !== 'rest' || room.heldBytes || saidNone) return;
    saidNone = true;
    log.warn(
      { ...room, megabytes },
      'the data disk has too little room for a ballast: nothing is held back for when it is full',
    );
  });
  return async () => {
    stopped = true;
    await looking.stop();
  };
}

/**
 * Waits until the disk has room for a start, and gives the ballast for it. A process that starts, fails and starts again for ever says
 * nothing that anybody reads; one that waits is there as soon as somebody has made room.
 */
export async function roomToStart(ballast: Ballast): Promise<void> {
  const { folder, log } = ballast;
  mkdirSync(folder, { recursive: true });
  for (let saidAt = Number.NEGATIVE_INFINITY; ; await setTimeout(LOOK_EVERY_MS)) {
    const room = await roomOf(folder);
    if (room.freeBytes >= START_BYTES) return;
    removeUnfinished(folder);
    if (room.heldBytes) await release(ballast, room);
    else if (performance.now() - saidAt > SAY_AGAIN_MS) {
      saidAt = performance.now();
      log.fatal(
        { ...room, folder },
        'the data disk is full, and Shouwang cannot start: it waits until somebody makes room',
      );
    }
  }
}
