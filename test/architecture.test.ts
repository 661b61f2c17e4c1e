import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { importsByPlace, loosePins, type Tree, violationsOf } from './architecture.ts';

const root = new URL('..', import.meta.url).pathname;
const apart = new Set(['node_modules', 'dist', 'data', 'coverage', '.git']);

const tree: Tree = new Map(
  globSync('**/*.{ts,tsx}', { cwd: root, exclude: (path) => apart.has(path.split('/').at(-1) ?? '') }).map((path) => [
    path,
    readFileSync(`${root}${path}`, 'utf8'),
  ]),
);

it('keeps the layout, its arrows and its sizes', () => {
  expect(violationsOf(tree)).toEqual([]);
});

it('looks at every place of the layout, and finds as many imports as there must be', () => {
  const imports = importsByPlace(tree);
  const single = ['web/build.ts', 'vitest.config.ts'];
  const blind = Object.entries(imports).filter(([place, count]) => count < (single.includes(place) ? 1 : 5));
  expect(blind).toEqual([]);
  expect(Object.values(imports).reduce((a, b) => a + b)).toBeGreaterThan(tree.size);
});

it('pins every dependency to one version', () => {
  expect(loosePins(JSON.parse(readFileSync(`${root}package.json`, 'utf8')))).toEqual([]);
  expect(loosePins({ dependencies: { aedes: '^1.2.0', pg: '8.23.1' } })).toHaveLength(1);
});

const long = (lines: number): string => Array.from({ length: lines }, (_, n) => `  const n${n} = ${n};`).join('\n');

it.each([
  ['a static import', 'broker/intake.ts', `import { step } from '../ingest/step.ts';`],
  ['a type import', 'broker/intake.ts', `import type { Step } from '../ingest/step.ts';`],
  ['an export from', 'broker/intake.ts', `export { step } from '../ingest/step.ts';\nexport const n = 1;`],
  ['a dynamic import', 'broker/intake.ts', `const m = await import('../ingest/step.ts');`],
  ['a type of an import', 'broker/intake.ts', `type S = import('../ingest/step.ts').Step;`],
  ['a worker', 'alerts/ticker.ts', `new Worker(new URL('../ingest/worker.ts', import.meta.url));`],
  ['a computed import', 'ingest/step.ts', 'const m = await import(name);'],
  ['something of ours in domain', 'domain/alert.ts', `import { log } from '../runtime/log.ts';`],
  ['the store in a screen', 'web/app/desk/queue.tsx', `import { alerts } from '../../../store/alerts.ts';`],
  ['a foreign package in domain', 'domain/alert.ts', `import { randomUUID } from 'node:crypto';`],
  ['SQL outside the store', 'web/server/alerts.ts', `import { sql } from 'kysely';`],
  ['another part in a test beside the code', 'alerts/plan.test.ts', `import { intake } from '../broker/intake.ts';`],
  ['the environment', 'broker/intake.ts', 'const port = process.env.PORT;'],
  ['the environment by name', 'broker/intake.ts', `import { env } from 'node:process';`],
  ['any', 'store/alerts.ts', 'export const f = (x: any) => x;'],
  ['an ignored type error', 'store/alerts.ts', '// @ts-ignore\nexport const x = 1;'],
  ['a promise for later', 'store/alerts.ts', '// TODO: later\nexport const x = 1;'],
  ['a default export', 'store/alerts.ts', 'export default 1;'],
  ['a mocked module', 'store/alerts.test.ts', `vi.mock('./alerts.ts');`],
  ['a barrel', 'store/index.ts', `export * from './alerts.ts';\nexport { a } from './b.ts';`],
  ['a drawer', 'store/utils/dates.ts', 'export const x = 1;'],
  ['a folder of no part', 'tools/x.ts', 'export const x = 1;'],
  ['a long file', 'store/alerts.ts', long(400)],
  ['a long function', 'store/alerts.ts', `export function f() {\n${long(69)}\n}`],
  ['a long arrow function', 'web/app/desk/queue.tsx', `export const Queue = () => {\n${long(69)}\n};`],
  ['what cannot be parsed', 'store/alerts.ts', 'export const = 1;'],
])('catches %s', (_, path, source) => {
  expect(violationsOf(new Map([[path, source]]))).toHaveLength(1);
});

it.each([
  ['a folder below itself', 'broker/doors/mqtt.ts', `import { admit } from '../admit.ts';`],
  ['the wiring', 'main.ts', `import { intake } from './broker/intake.ts';\nfunction main() {\n${long(200)}\n}`],
  ['a harness beside the code', 'store/alerts.it.test.ts', `import { startPostgres } from '../test/postgres.ts';`],
  [
    'anything from outside',
    'test/town.test.ts',
    `import { a } from '../broker/a.ts';\nimport { b } from '../ingest/b.ts';`,
  ],
  ['a long suite', 'store/alerts.test.ts', `describe.skipIf(true)('a', () => {\n${long(200)}\n});`],
  ['a word in a string', 'store/alerts.ts', `export const x = "process.env any import('../ingest/step.ts')";`],
])('allows %s', (_, path, source) => {
  expect(violationsOf(new Map([[path, source]]))).toEqual([]);
});
