import { dirname, join } from 'node:path/posix';
import { type ESTree, parseSync, Visitor } from 'vite';

/**
 * The arrows: for each place, the places that its files may import besides itself. `packages`, where given, are the only packages
 * it may import. Folders meet in rows of the database; `main.ts` hands functions from one to the other.
 */
const layout: Record<string, { readonly imports: readonly string[]; readonly packages?: readonly string[] }> = {
  'main.ts': {
    imports: ['domain', 'store', 'runtime', 'broker', 'ingest', 'alerts', 'web/server', 'web/wire'],
  },
  'backup.ts': { imports: ['store', 'runtime', 'package.json'] },
  domain: { imports: [], packages: ['zod'] },
  store: { imports: ['domain'] },
  runtime: { imports: ['domain'] },
  broker: { imports: ['domain', 'store', 'runtime'] },
  ingest: { imports: ['domain', 'store', 'runtime'] },
  alerts: { imports: ['domain', 'store', 'runtime'] },
  'device-sim': { imports: ['domain'] },
  'web/server': { imports: ['domain', 'store', 'runtime', 'web/wire'] },
  'web/wire': { imports: ['domain'], packages: ['zod'] },
  'web/app': { imports: ['domain', 'web/wire'] },
  'web/build.ts': { imports: [] },
  'vitest.config.ts': { imports: [] },
};

/** What no single folder can promise is looked at from outside, so these may import anything. */
const outside = ['test', 'bench'];

/** Single files that may do more than their folder: the ledger's check compares what hubs were told with what the database kept. */
const more: Record<string, readonly string[]> = { 'device-sim/check.ts': ['store'] };

/** Packages that stay behind one door. */
const doors: Record<string, string> = {
  kysely: 'store',
  'better-sqlite3': 'store',
  pg: 'store',
  '@influxdata/influxdb-client': 'store',
};

/** The environment is read by one schema; what stands before the system, as a user does, may look at it and hand it on. */
const readsEnvironment = ['runtime/config.ts', 'device-sim/cli.ts', 'device-sim/demo.ts', 'backup.ts'];

const drawers = ['src', 'lib', 'utils', 'helpers', 'common', 'shared', 'types', 'services'];
const FILE_LINES = 400;
const FUNCTION_LINES = 70;

export type Tree = ReadonlyMap<string, string>;
type Violation = { readonly at: number; readonly says: string };
type Import = { readonly from: string; readonly at: number };
type Facts = { readonly imports: readonly Import[]; readonly violations: readonly Violation[] };

const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path);
const isOutside = (path: string): boolean => outside.some((folder) => path.startsWith(`${folder}/`));
const placeOf = (path: string): string | undefined =>
  Object.keys(layout).find((place) => path === place || path.startsWith(`${place}/`));
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** `describe(…)`, `describe.each(…)(…)`, `describe.skipIf(…)(…)`: a suite is a list of tests, not a function that is too long. */
function isSuite(callee: ESTree.Expression): boolean {
  if (callee.type === 'Identifier') return callee.name === 'describe';
  if (callee.type === 'CallExpression') return isSuite(callee.callee);
  return callee.type === 'MemberExpression' && isSuite(callee.object);
}

const isNamed = (node: ESTree.Node, object: string, property: string): boolean =>
  node.type === 'MemberExpression' &&
  node.object.type === 'Identifier' &&
  node.object.name === object &&
  node.property.type === 'Identifier' &&
  node.property.name === property;

const isBarrel = (program: ESTree.Program): boolean =>
  program.body.length > 0 &&
  program.body.every(
    (it) => it.type === 'ExportAllDeclaration' || (it.type === 'ExportNamedDeclaration' && it.source !== null),
  );

/** One pass over one file: what it imports, in every way there is to import, and what it writes that we do not write. */
function factsOf(path: string, source: string): Facts {
  const { program, comments, errors } = parseSync(path, source);
  const imports: Import[] = [];
  const violations: Violation[] = errors.map((error) => ({ at: 0, says: `cannot be parsed: ${error.message}` }));
  const suites = new Set<ESTree.Node>();
  const says = (node: { start: number }, words: string) => violations.push({ at: node.start, says: words });

  const importFrom = (node: ESTree.Node, from: ESTree.Node | null) => {
    if (from?.type === 'Literal' && typeof from.value === 'string') imports.push({ from: from.value, at: node.start });
    else if (from) says(node, 'imports by a computed name, which no table can check');
  };
  const measure = (node: ESTree.Node) => {
    const lines = source.slice(node.start, node.end).split('\n').length;
    if (lines < FUNCTION_LINES || suites.has(node) || path === 'main.ts') return;
    says(node, `a function of ${lines} lines; under ${FUNCTION_LINES} please`);
  };
  const allowedEnvironment = readsEnvironment.includes(path) || isTest(path) || isOutside(path);

  new Visitor({
    ImportDeclaration: (node) => {
      importFrom(node, node.source);
      const takesEnv = node.source.value === 'node:process' && source.slice(node.start, node.end).includes('env');
      if (takesEnv && !allowedEnvironment) says(node, 'reads the environment, which only runtime/config.ts does');
    },
    ExportNamedDeclaration: (node) => importFrom(node, node.source),
    ExportAllDeclaration: (node) => importFrom(node, node.source),
    ImportExpression: (node) => importFrom(node, node.source),
    TSImportType: (node) => importFrom(node, node.source),
    NewExpression: (node) => {
      const [first, second] = node.arguments;
      const isFile =
        node.callee.type === 'Identifier' && node.callee.name === 'URL' && second?.type === 'MemberExpression';
      if (isFile && first?.type === 'Literal' && /\.tsx?$/.test(String(first.value))) importFrom(node, first);
    },
    CallExpression: (node) => {
      if (isTest(path) && isSuite(node.callee)) for (const argument of node.arguments) suites.add(argument);
      if (isNamed(node.callee, 'vi', 'mock')) says(node, 'mocks a module of ours: fake the outside world instead');
    },
    MemberExpression: (node) => {
      if (isNamed(node, 'process', 'env') && !allowedEnvironment)
        says(node, 'reads process.env, which only runtime/config.ts does');
    },
    ExportDefaultDeclaration: (node) => {
      if (!path.endsWith('.config.ts')) says(node, 'has a default export; name it');
    },
    TSAnyKeyword: (node) => says(node, 'says `any`'),
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
  }).visit(program);

  for (const comment of comments) {
    const word = /@ts-(?:ignore|nocheck)|\b(?:TODO|FIXME)\b/.exec(comment.value)?.[0];
    if (word) says(comment, `has a comment with ${word}`);
  }
  if (isBarrel(program)) says(program, 'is a barrel: import from the file that holds the thing');
  return { imports, violations };
}

/** Why `path` may not import `from`; null when it may. */
function forbidden(path: string, from: string): string | null {
  const place = placeOf(path);
  const row = place ? layout[place] : undefined;
  if (isOutside(path) || !place || !row) return null;
  const own = [place, ...row.imports, ...(more[path] ?? []), ...(isTest(path) ? outside : [])];
  if (from.startsWith('.')) {
    const target = join(dirname(path), from);
    const allowed = own.some((it) => target === it || target.startsWith(`${it}/`));
    return allowed ? null : `imports ${target}; ${place} may import ${row.imports.join(', ') || 'nothing of ours'}`;
  }
  if (isTest(path)) return null;
  const name = packageOf(from);
  const door = doors[name];
  if (door && door !== place) return `imports ${name}, which only ${door} does`;
  return row.packages && !row.packages.includes(name)
    ? `imports ${name}; ${place} may import only ${row.packages.join(', ')}`
    : null;
}

function violationsIn(path: string, source: string): string[] {
  const { imports, violations } = factsOf(path, source);
  const whole: string[] = [];
  if (!placeOf(path) && !isOutside(path)) whole.push('is in no folder of the layout');
  const drawer = path.split('/').find((part) => drawers.includes(part));
  if (drawer) whole.push(`is in a drawer called ${drawer}`);
  const lines = source.trimEnd().split('\n').length;
  if (lines >= FILE_LINES) whole.push(`has ${lines} lines; under ${FILE_LINES} please`);

  const arrows = imports.flatMap(({ from, at }) => {
    const says = forbidden(path, from);
    return says ? [{ at, says }] : [];
  });
  const lineOf = (at: number) => source.slice(0, at).split('\n').length;
  return [
    ...whole.map((says) => `${path} ${says}`),
    ...[...violations, ...arrows].map(({ at, says }) => `${path}:${lineOf(at)} ${says}`),
  ];
}

/** Everything in a tree of sources (path → text) that breaks the layout, a readable line each. */
export const violationsOf = (tree: Tree): string[] => [...tree].flatMap(([path, source]) => violationsIn(path, source));

/** How many imports each place of the layout has, so that a checker that sees nothing is noticed. */
export function importsByPlace(tree: Tree): Record<string, number> {
  const count: Record<string, number> = Object.fromEntries(Object.keys(layout).map((place) => [place, 0]));
  for (const [path, source] of tree) {
    const place = placeOf(path);
    if (place) count[place] = (count[place] ?? 0) + factsOf(path, source).imports.length;
  }
  return count;
}

type Manifest = Partial<Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Record<string, string>>>;

/** Dependencies that could change without a change of ours. */
export function loosePins(manifest: Manifest): string[] {
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
  return Object.entries(all)
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => `package.json: ${name} is ${version}, not one exact version`);
}
