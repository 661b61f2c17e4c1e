import { execFileSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');
const page = join(root, 'web/app/dist/index.html');
const sources = ['web/app/**/*.{ts,tsx,css,html,svg}', 'web/wire/*.ts', 'domain/*.ts', 'package-lock.json'];

const changedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** When the newest source of the screens changed, ms. */
function newestSource(): number {
  const files = globSync(sources, { cwd: root, exclude: ['web/app/dist/**', '**/*.test.ts'] });
  return Math.max(...files.map((file) => changedAt(join(root, file))));
}

/** In a process of its own: Vite takes NODE_ENV from whoever starts it, and a test's would build the slow React of development. */
function build(): void {
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const config = join(root, 'web/app/vite.config.ts');
  execFileSync(process.execPath, [vite, 'build', '--config', config, '--logLevel', 'warn', join(root, 'web/app')], {
    env: { NODE_ENV: 'production' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

const { values } = parseArgs({ options: { force: { type: 'boolean', default: false } } });
if (!values.force && changedAt(page) > newestSource()) {
  process.stdout.write('screens: up to date\n');
} else {
  const startedAt = performance.now();
  build();
  process.stdout.write(`screens: built in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`);
}
