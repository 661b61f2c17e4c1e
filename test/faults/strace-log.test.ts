import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../memory.ts';
import { crashedDisk } from './crashed-disk.ts';
import { readRecording } from './strace-log.ts';

const hex = (text: string): string => [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16)}`).join('');
const FILE = '/data/shouwang.db';
const open = `1 1.0 openat(AT_FDCWD, "${hex(FILE)}", O_RDWR|O_CREAT) = 3<${hex(FILE)}>`;
const write = (thread: number, text: string, rest: string) =>
  `${thread} 1.1 pwrite64(3<${hex(FILE)}>, "${hex(text)}", 3, 0${rest}`;
const sync = `3 1.2 fdatasync(3<${hex(FILE)}>) = 0`;

async function diskAfter(...lives: readonly string[][]) {
  const folder = temporaryFolder();
  onTestFinished(folder.remove);
  const logs = lives.map((lines, life) => {
    const log = join(folder.path, `${life}.strace`);
    writeFileSync(log, `${lines.join('\n')}\n`);
    return log;
  });
  const disk = crashedDisk();
  for (const step of await readRecording(logs, { keeps: (path) => path === FILE, port: 1883 })) disk.apply(step);
  return { holds: disk.believed().get(FILE)?.toString(), uncertain: disk.uncertain() };
}

test('a write that returned is as lasting as the next synchronisation makes it', async () => {
  const written = [open, write(2, 'new', ') = 3')];
  // The file itself stands in a folder that nobody synchronised.
  expect(await diskAfter(written)).toEqual({ holds: 'new', uncertain: 2 });
  expect(await diskAfter([...written, sync])).toEqual({ holds: 'new', uncertain: 1 });
});

test('a write during which its process was killed does not come back over what was written and synchronised later', async () => {
  const killed = [open, write(2, 'old', ' <unfinished ...>')];
  expect(await diskAfter(killed, [write(3, 'new', ') = 3'), sync])).toEqual({ holds: 'new', uncertain: 1 });
});
