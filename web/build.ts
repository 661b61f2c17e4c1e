import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { build } from 'vite';

const root = join(import.meta.dirname, '..');
const page = join(root, 'web/app/dist/index.html');
const sources = ['web/app/**/*.{ts,tsx,css,html,svg}', 'web/wire/*.ts', 'domain/*.ts', 'package-lock.json'];

const changedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** When the newest source of the screens changed, ms. */
function newestSource(): number {
  const files = globSync(sources, { cwd: root, exclude: ['web/app/dist/**', '**/*.test.ts'] });
  return Math.max(...files.map((file) => changedAt(join(root, file))));
}

const { values } = parseArgs({ options: { force: { type: 'boolean', default: false } } });
const builtAt = changedAt(page);
if (!values.force && builtAt > newestSource()) {
  process.stdout.write('screens: up to date\n');
} else {
  const startedAt = performance.now();
  await build({ configFile: join(root, 'web/app/vite.config.ts'), logLevel: 'warn' });
  process.stdout.write(`screens: built in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`);
}
