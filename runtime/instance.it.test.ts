import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../test/memory.ts';
import { instanceOf } from './instance.ts';

test('a data folder is the same instance at every start, and no other folder is', () => {
  const folder = temporaryFolder();
  const one = join(folder.path, 'one');
  const id = instanceOf(one);
  expect(id).toMatch(/^[0-9a-f]{8}$/);
  expect(instanceOf(one)).toBe(id);
  expect(instanceOf(join(folder.path, 'other'))).not.toBe(id);
  expect(readdirSync(one)).toEqual(['instance']);
  folder.remove();
});
