import { parseArgs } from 'node:util';
import { figuresOf, taken } from '../figures.ts';
import type { Fault, FaultLine, FaultRun } from './fault.ts';
import { faults } from './registry.ts';

const USE = `npm run faults -- NAME [NAME …] [--size short|full] [--seed N] [--count N] [--record]

Plays what goes wrong and prints one JSON line each; --record adds the line to docs/figures/faults.jsonl, from which
docs/reliability.md is made (npm run figures). Names: all, or

${faults.map(({ name, happens }) => `  ${name.padEnd(18)}${happens}`).join('\n')}
`;

function play(fault: Fault, run: FaultRun): Promise<FaultLine> {
  const count = run.count === null ? '' : ` --count ${run.count}`;
  return taken(async () => {
    const outcome = await fault.run(run);
    return {
      fault: fault.name,
      verdict: outcome.broken.length === 0 ? ('kept' as const) : ('broken' as const),
      command: `npm run faults -- ${fault.name} --size ${run.size} --seed ${run.seed}${count}`,
      seed: run.seed,
      size: run.size,
      ...outcome,
    };
  });
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
  if (values.record) figuresOf('faults').add(line);
  if (line.verdict === 'broken') process.exitCode = 1;
}
