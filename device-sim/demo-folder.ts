import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Complaint } from './api.ts';

export const DEMO_FOLDER = join('data', 'demo');

/** Where a running demo is, for the simulator's other commands; and the mark of a folder that may be emptied. */
const demo = z.object({ pid: z.number().int(), url: z.string(), mqtt: z.string(), cookie: z.string() });
export type Demo = z.infer<typeof demo>;

const markIn = (folder: string) => join(folder, 'demo.json');

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** The demo that runs on a folder; null when none does. */
export function runningDemo(folder: string): Demo | null {
  if (!existsSync(markIn(folder))) return null;
  const found = demo.parse(JSON.parse(readFileSync(markIn(folder), 'utf8')));
  return isAlive(found.pid) ? found : null;
}

export function markDemo(folder: string, mark: Demo): void {
  writeFileSync(markIn(folder), JSON.stringify(mark), { mode: 0o600 });
}

/** Every demo begins afresh: one-time links are used up and keys are shown once, so that an old folder is of no use. */
export function freshFolder(folder: string): void {
  if (runningDemo(folder)) throw new Complaint(`a demo is already running on ${folder}`);
  if (existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(markIn(folder)))
    throw new Complaint(
      `${folder} holds something that is not a demo's; it will not be emptied. Name another SHOUWANG_DATA_DIR`,
    );
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  markDemo(folder, { pid: process.pid, url: '', mqtt: '', cookie: '' });
}
