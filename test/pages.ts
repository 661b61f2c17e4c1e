import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Bench, Measured } from '../bench/bench.ts';
import { benches } from '../bench/registry.ts';
import type { Fault, FaultLine } from './faults/fault.ts';
import { faults } from './faults/registry.ts';
import { figuresOf, type Provenance } from './figures.ts';

export type BenchLine = Measured & Provenance & { readonly bench: string; readonly command: string };

const list = (values: Readonly<Record<string, number | string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} **${typeof value === 'number' ? value.toLocaleString('en') : value}**`)
    .join(', ');

const day = ({ at }: Provenance): string => at.slice(0, 10);

const shortfall = (title: string, sentences: readonly string[]): string[] =>
  sentences.length === 0 ? [] : ['', `${title}:`, '', ...sentences.map((sentence) => `- ${sentence}`)];

/** With another number of repetitions than its size has it is not what the bar speaks of. */
const formOf = ({ size, command }: FaultLine): string =>
  command.includes(' --count ') ? `${size}, other count` : size;

/** The last line of a name; a full run counts before all others. */
function lastOf(lines: readonly FaultLine[], { name }: Fault): FaultLine | undefined {
  const own = lines.filter((line) => line.fault === name);
  return own.findLast((line) => formOf(line) === 'full') ?? own.at(-1);
}

function faultSection(fault: Fault, line: FaultLine | undefined): string[] {
  const head = [`## ${fault.name}`, '', `What happens: ${fault.happens}.`, '', `Bar: ${fault.bar}.`, ''];
  if (!line) return [...head, 'Not recorded yet.', ''];
  const { load, faults: happened, counts, broken, notShown = [] } = line;
  return [
    ...head,
    `**${line.verdict === 'kept' ? 'Kept' : 'Not kept'}**, ${formOf(line)} form, ${day(line)}, ${line.seconds} s, commit ${line.commit}, Node ${line.node}, ${line.machine}.`,
    '',
    `- Load: ${list(load)}`,
    `- Faults: ${list(happened)}`,
    `- Counted: ${list(counts)}`,
    `- Again: \`${line.command}\``,
    ...shortfall('What was not kept', broken),
    ...shortfall('What this run could not show', notShown),
    '',
  ];
}

function faultRow(fault: Fault, line: FaultLine | undefined): string {
  const verdict = line ? (line.verdict === 'kept' ? 'kept' : '**not kept**') : '—';
  const when = line ? `${formOf(line)}, ${day(line)}` : 'not recorded';
  return `| [${fault.name}](#${fault.name}) | ${fault.happens} | ${verdict} | ${when} |`;
}

export function reliabilityPage(lines: readonly FaultLine[]): string {
  return [
    '# Reliability',
    '',
    'What goes wrong, and what Shouwang kept all the same. Each row is a command that anybody can run; its short form is part of every test run.',
    'This page is made from [the lines those commands printed](figures/faults.jsonl) by `npm run figures`.',
    '',
    'Zeros are bounds, not certainties: *n* trials without a failure say, with 95 % confidence, that at most 3/*n* of trials fail.',
    '',
    '| fault | what happens | promises | form |',
    '| --- | --- | --- | --- |',
    ...faults.map((fault) => faultRow(fault, lastOf(lines, fault))),
    '',
    ...faults.flatMap((fault) => faultSection(fault, lastOf(lines, fault))),
  ].join('\n');
}

function benchSection(bench: Bench, line: BenchLine | undefined): string[] {
  const head = [`## ${bench.name}`, '', `Measured: ${bench.measures}.`, '', `Bar: ${bench.bar}.`, ''];
  if (!line) return [...head, 'Not recorded yet.', ''];
  return [
    ...head,
    `**${line.missed.length === 0 ? 'Reached' : 'Not reached'}**, ${day(line)}, ${line.seconds} s, commit ${line.commit}, Node ${line.node}, ${line.machine}.`,
    '',
    '| figure | value |',
    '| --- | --- |',
    ...Object.entries(line.figures).map(([name, value]) => `| ${name} | ${value?.toLocaleString('en') ?? '—'} |`),
    '',
    `Again: \`${line.command}\``,
    ...shortfall('Not reached', line.missed),
    ...shortfall('Seen in this run', line.remarks ?? []),
    '',
  ];
}

export function benchmarksPage(lines: readonly BenchLine[]): string {
  return [
    '# Benchmarks',
    '',
    'The load runs on the same machine as what it measures, and every message is QoS 1 and on disk before it is acknowledged. Machines',
    'differ and are noisy: read ratios within one run before figures across runs. This page is made from',
    '[the lines those commands printed](figures/benchmarks.jsonl) by `npm run figures`.',
    '',
    ...benches.flatMap((bench) =>
      benchSection(
        bench,
        lines.findLast((line) => line.bench === bench.name),
      ),
    ),
  ].join('\n');
}

/** The pages of docs/ that are made from figures, by their path from here. */
export const pages = (): readonly (readonly [path: string, text: string])[] => [
  ['../docs/reliability.md', reliabilityPage(figuresOf('faults').lines() as FaultLine[])],
  ['../docs/benchmarks.md', benchmarksPage(figuresOf('benchmarks').lines() as BenchLine[])],
];

export const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const isUpToDate = ([path, text]: readonly [string, string]): boolean =>
  existsSync(pathOf(path)) && readFileSync(pathOf(path), 'utf8') === text;

if (import.meta.main) for (const [path, text] of pages()) writeFileSync(pathOf(path), text);
