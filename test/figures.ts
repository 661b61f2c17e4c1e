import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Where and on what a figure was taken. */
export type Provenance = {
  readonly at: string;
  readonly commit: string;
  readonly node: string;
  readonly machine: string;
  readonly seconds: number;
};

const git = (...args: readonly string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();

/** The documents are left out: figures that were recorded before do not change what is measured. */
function commit(): string {
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!docs');
  return `${git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : ' with changes'}`;
}

/** Runs what is measured, and says where and for how long. */
export async function taken<T>(measure: () => Promise<T>): Promise<T & Provenance> {
  // Before it begins: somebody may go on working meanwhile.
  const measuredAt = commit();
  const from = performance.now();
  const measured = await measure();
  return {
    at: new Date().toISOString(),
    commit: measuredAt,
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    seconds: Math.round((performance.now() - from) / 1_000),
    ...measured,
  };
}

/** The lines from which a page of docs/ is made, a JSON object each; the last of a name counts. */
export type Figures = { readonly lines: () => unknown[]; readonly add: (line: object) => void };

export function figuresOf(page: 'faults' | 'benchmarks'): Figures {
  const file = fileURLToPath(new URL(`../docs/figures/${page}.jsonl`, import.meta.url));
  return {
    lines: () =>
      existsSync(file)
        ? readFileSync(file, 'utf8')
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line) as unknown)
        : [],
    add: (line) => appendFileSync(file, `${JSON.stringify(line)}\n`),
  };
}
