/** `npm test`: everything that must hold, in the order of what fails fastest, and a last line that says how it went. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { chromiumAvailable } from './chromium.ts';
import { straceAvailable } from './faults/recorded-system.ts';
import { wallUnavailable } from './faults/server-clock-wall.ts';
import { postgresAvailable } from './postgres.ts';
import { type Report, tally } from './tally.ts';
import { victoriaMetricsAvailable } from './victoria-metrics.ts';

const root = resolve(import.meta.dirname, '..');
const NODE = 24;
const TESTS_MAY_TAKE_MS = 25 * 60_000;

if (Number(process.versions.node.split('.')[0]) < NODE) {
  console.error(
    `Shouwang needs Node ${NODE}; this is ${process.version}. On Linux "npm ci" brings it and "npm test" uses it.`,
  );
  process.exit(1);
}

/** The tools start with the Node that runs this, whatever the system's is. */
const tools = [dirname(process.execPath), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);

function run(command: string, args: string[], options: { timeout?: number; env?: NodeJS.ProcessEnv } = {}) {
  const env = { ...process.env, ...options.env, PATH: tools };
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', env, timeout: options.timeout });
  return new Promise<boolean>((done) => {
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`);
      done(false);
    });
    child.once('exit', (code) => done(code === 0));
  });
}

/** Programs of the system that some suites need: Debian's package, and why it cannot be used now (null when it can). */
const programs: readonly (readonly [string, () => string | null])[] = [
  ['iproute2', () => (answers('ip', ['-V']) ? null : 'ip is not installed')],
  ['chromium', chromiumAvailable],
  ['fonts-noto-cjk', () => (answers('fc-list', [':lang=zh']) ? null : 'no Chinese font for the pictures')],
  ['postgresql', postgresAvailable],
  ['faketime', wallUnavailable],
  ['strace', straceAvailable],
  ['victoria-metrics', victoriaMetricsAvailable],
  ['mosquitto-clients', () => (answers('mosquitto_pub', ['--help']) ? null : 'mosquitto_pub is not installed')],
];

const answers = (command: string, args: string[]): boolean =>
  Boolean(spawnSync(command, args, { encoding: 'utf8' }).stdout);

const missing = () => programs.filter(([, why]) => why() !== null);

/** On Debian as root what is missing is installed; elsewhere it is said, and the suites that need it skip themselves. */
async function prepare(): Promise<string[]> {
  const packages = missing().map(([name]) => name);
  if (packages.length === 0) return [];
  if (process.getuid?.() === 0 && answers('apt-get', ['--version'])) {
    console.log(`\n── installing ${packages.join(', ')}`);
    const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
    const install = () => run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env: quiet });
    if (!(await install()) && (await run('apt-get', ['update'], { env: quiet }))) await install();
  }
  const still = missing();
  if (still.length === 0) return [];
  const names = still.map(([name]) => name).join(' ');
  return [...still.map(([name, why]) => `${name}: ${why()}`), `To have it: sudo apt-get install ${names}`];
}

const steps: readonly (readonly [string, string, string[]])[] = [
  ['type check', 'tsc', ['--noEmit']],
  ['lint and format', 'biome', ['check', '.']],
  ['nothing unused', 'knip', []],
  ['web build', process.execPath, ['web/build.ts']],
];

async function test(): Promise<Report | null> {
  const folder = mkdtempSync(join(tmpdir(), 'shouwang-test-'));
  const file = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const green = await run('vitest', ['run', ...reporters], { timeout: TESTS_MAY_TAKE_MS });
  try {
    return { ...JSON.parse(readFileSync(file, 'utf8')), green };
  } catch (cause) {
    console.error('the tests ended without a report', cause);
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const lacking = await prepare();
const outcomes: { name: string; passed: boolean }[] = [];
for (const [name, command, args] of steps) {
  console.log(`\n── ${name}`);
  outcomes.push({ name, passed: await run(command, args) });
}
console.log('\n── tests');
const result = tally(await test(), (path) => relative(root, path));

console.log();
for (const { name, passed } of outcomes) console.log(`${passed ? 'passed' : 'FAILED'}  ${name}`);
for (const line of result.failures) console.log(`FAILED  ${line}`);
if (result.skipped.length + lacking.length > 0) {
  console.log(`\n!! NOT EVERYTHING WAS TESTED`);
  for (const line of [...lacking, ...result.skipped]) console.log(`!! ${line}`);
}
const incomplete = process.env.CI === 'true' && result.skipped.length + lacking.length > 0;
if (incomplete) console.log('FAILED  in CI nothing may be skipped');

const passed = result.passed + outcomes.filter((it) => it.passed).length;
const failed = result.failed + outcomes.filter((it) => !it.passed).length + (incomplete ? 1 : 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
