import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Fault, FaultRun, Outcome } from './fault.ts';
import { faults } from './registry.ts';

const FIGURES = fileURLToPath(new URL('../../docs/figures/faults.jsonl', import.meta.url));

const USE = `npm run faults -- NAME [NAME …] [--size short|full] [--seed N] [--count N] [--record]

Plays what goes wrong and prints one JSON line each; --record adds the line to docs/figures/faults.jsonl, from which
docs/reliability.md is made (npm run figures). Names: all, or

${faults.map(({ name, happens }) => `  ${name.padEnd(18)}${happens}`).join('\n')}
`;

/** One line of the report, with all that is needed to see the same again. */
export type FaultLine = Outcome & {
  readonly fault: string;
  readonly verdict: 'kept' | 'broken';
  readonly command: string;
  readonly seed: number;
  readonly size: FaultRun['size'];
  readonly seconds: number;
  readonly at: string;
  readonly commit: string;
  readonly node: string;
  readonly machine: string;
};

const commit = (): string => execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();

async function play(fault: Fault, run: FaultRun): Promise<FaultLine> {
  const from = performance.now();
  const outcome = await fault.run(run);
  const count = run.count === null ? '' : ` --count ${run.count}`;
  return {
    fault: fault.name,
    verdict: outcome.broken.length === 0 ? 'kept' : 'broken',
    command: `npm run faults -- ${fault.name} --size ${run.size} --seed ${run.seed}${count}`,
    seed: run.seed,
    size: run.size,
    seconds: Math.round((performance.now() - from) / 1_000),
    at: new Date().toISOString(),
    commit: commit(),
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    ...outcome,
  };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string', default: 'full' },
    seed: { type: 'string' },
    count: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});
const chosen = positionals[0] === 'all' ? faults : faults.filter(({ name }) => positionals.includes(name));
const unknown = positionals.filter((name) => name !== 'all' && !faults.some((fault) => fault.name === name));
if (chosen.length === 0 || unknown.length > 0 || !['short', 'full'].includes(values.size)) {
  process.stderr.write(USE);
  process.exit(2);
}

for (const fault of chosen) {
  const missing = fault.unavailable();
  if (missing) {
    process.stderr.write(`${fault.name} was not played: ${missing}\n`);
    process.exitCode = 1;
    continue;
  }
  const line = await play(fault, {
    seed: Number(values.seed ?? Math.floor(Math.random() * 1_000_000)),
    size: values.size === 'short' ? 'short' : 'full',
    count: values.count === undefined ? null : Number(values.count),
    say: (text) => void process.stderr.write(`${fault.name}: ${text}\n`),
  });
  process.stdout.write(`${JSON.stringify(line)}\n`);
  if (values.record) appendFileSync(FIGURES, `${JSON.stringify(line)}\n`);
  if (line.verdict === 'broken') process.exitCode = 1;
}
