import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freshFolder, markDemo, runningDemo } from './demo-folder.ts';

const nobody = 2 ** 22 + 1;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'demo-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('is emptied when an earlier demo made it, and never when somebody else did', () => {
  writeFileSync(join(folder, 'shouwang.db'), 'not ours');
  expect(() => freshFolder(folder)).toThrow('will not be emptied');
  expect(existsSync(join(folder, 'shouwang.db'))).toBe(true);
  markDemo(folder, { pid: nobody, url: '', mqtt: '', cookie: '' });
  freshFolder(folder);
  expect(existsSync(join(folder, 'shouwang.db'))).toBe(false);
});

it('is not taken from a demo that still runs', () => {
  markDemo(folder, { pid: process.pid, url: 'http://127.0.0.1:8080', mqtt: '', cookie: 'session=x' });
  expect(() => freshFolder(folder)).toThrow('already running');
  expect(runningDemo(folder)?.cookie).toBe('session=x');
});

it('has no running demo once its process is gone', () => {
  expect(runningDemo(folder)).toBeNull();
  markDemo(folder, { pid: nobody, url: '', mqtt: '', cookie: '' });
  expect(runningDemo(folder)).toBeNull();
});
