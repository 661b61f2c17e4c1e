import { parseArgs } from 'node:util';
import { figuresOf, taken } from '../test/figures.ts';
import { benches } from './registry.ts';

const USE = `npm run bench -- NAME [NAME …] [--seconds N] [--record]

Measures and prints one JSON line each; --record adds the line to docs/figures/benchmarks.jsonl, from which docs/benchmarks.md is
made (npm run figures). To be run when nothing else does. Names: all, or

${benches.map(({ name, measures }) => `  ${name.padEnd(14)}${measures}`).join('\n')}
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' }, record: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => name !== 'all' && !benches.some((bench) => bench.name === name));
const chosen = positionals.includes('all') ? benches : benches.filter(({ name }) => positionals.includes(name));
if (chosen.length === 0 || unknown.length > 0) {
  process.stderr.write(USE);
  process.exit(2);
}

for (const bench of chosen) {
  const missing = bench.unavailable();
  if (missing) {
    process.stderr.write(`${bench.name} was not run: ${missing}\n`);
    process.exitCode = 1;
    continue;
  }
  const seconds = Number(values.seconds ?? bench.seconds);
  const say = (line: string): void => void process.stderr.write(`${bench.name}: ${line}\n`);
  const command = `npm run bench -- ${bench.name}${values.seconds ? ` --seconds ${seconds}` : ''}`;
  const line = await taken(async () => ({ bench: bench.name, command, ...(await bench.run({ seconds, say })) }));
  process.stdout.write(`${JSON.stringify(line)}\n`);
  if (values.record) figuresOf('benchmarks').add(line);
  if (line.missed.length > 0) process.exitCode = 1;
}
