import { readFileSync } from 'node:fs';
import type { System } from '../system.ts';

const EVERY_MS = 250;

/** What can be seen of a process from outside while something goes wrong. */
export type Watched = {
  readonly rssMb: () => number;
  readonly mostRssMb: () => number;
  readonly ended: () => boolean;
  /** Lines of the log that say that the process did something wrong itself, and lines that are no JSON. */
  readonly mistakes: () => readonly string[];
  /** All other lines of level error and above, each different one once, with how often it came. */
  readonly errors: () => ReadonlyMap<string, number>;
  readonly stop: () => void;
};

const MISTAKE = /closed because of our own mistake|could not be judged|nothing more can be promised/;
const KEPT = 20;

/** Null for a line that holds nothing to worry about. */
function worry(line: string): { readonly mistake: boolean; readonly text: string } | null {
  let said: unknown;
  try {
    said = JSON.parse(line);
  } catch {
    return { mistake: true, text: line.slice(0, 300) };
  }
  const { level, msg, err } = said as { level?: number; msg?: string; err?: { message?: string; stack?: string } };
  if (level === undefined || level < 50) return null;
  const text = `${msg ?? ''} ${err?.stack ?? err?.message ?? ''}`.trim().slice(0, 600);
  return { mistake: level >= 60 || MISTAKE.test(text), text };
}

export function watchProcess({ child }: Pick<System, 'child'>): Watched {
  const mistakes: string[] = [];
  const errors = new Map<string, number>();
  let rest = '';
  const hear = (chunk: Buffer): void => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const found = line === '' ? null : worry(line);
      if (found?.mistake && mistakes.length < KEPT) mistakes.push(found.text);
      else if (found && (errors.has(found.text) || errors.size < KEPT)) {
        errors.set(found.text, (errors.get(found.text) ?? 0) + 1);
      }
    }
  };
  child.stderr?.on('data', hear);
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const rssMb = (): number => {
    if (ended()) return 0;
    const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kb ?? 0) / 1_024);
  };
  let most = rssMb();
  const looking = setInterval(() => (most = Math.max(most, rssMb())), EVERY_MS);
  return {
    rssMb,
    mostRssMb: () => most,
    ended,
    mistakes: () => mistakes,
    errors: () => errors,
    stop: () => {
      clearInterval(looking);
      child.stderr?.off('data', hear);
    },
  };
}

const SAMPLE_MS = 100;
const middle = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

/** What a process holds during something: the median, MB. */
async function heldDuring({ rssMb }: Pick<Watched, 'rssMb'>, what: () => Promise<void>): Promise<number> {
  const samples: number[] = [];
  const sampling = setInterval(() => samples.push(rssMb()), SAMPLE_MS);
  try {
    await what();
  } finally {
    clearInterval(sampling);
  }
  return middle(samples);
}

/**
 * Plays calm and trouble in turns, calm first and last. Gives by how many MB the process held more in trouble than in the calm before
 * and after it: the median of the rounds. A process under load grows anyway, and its garbage comes and goes; what it never gives back
 * counts half.
 */
export async function grownInTrouble(
  watched: Pick<Watched, 'rssMb'>,
  rounds: number,
  calm: () => Promise<void>,
  trouble: () => Promise<void>,
): Promise<number> {
  const grown: number[] = [];
  let before = await heldDuring(watched, calm);
  for (let round = 0; round < rounds; round++) {
    const within = await heldDuring(watched, trouble);
    const after = await heldDuring(watched, calm);
    grown.push(within - (before + after) / 2);
    before = after;
  }
  return Math.round(middle(grown));
}
