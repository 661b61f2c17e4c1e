import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { category } from '../domain/category.ts';

/**
 * The client's own record of what it said and what it was told, to be held against the database afterwards. `proof` is how the
 * message is found in the journal: `hub/boot/seq` of our own protocol, else the digest of topic and payload.
 */
const ledgerLine = z.discriminatedUnion('is', [
  z.object({
    is: z.literal('invoke'),
    id: z.string(),
    hub: z.string(),
    /** The category of the alert that it must raise; null when it is no emergency. */
    critical: category.nullable(),
    at: z.number(),
  }),
  z.object({ is: z.literal('acked'), id: z.string(), proof: z.array(z.string()) }),
  z.object({ is: z.literal('appAcked'), id: z.string() }),
  /** The connection went before the answer came: it may have been heard or not. */
  z.object({ is: z.literal('unknown'), id: z.string() }),
]);
export type LedgerLine = z.infer<typeof ledgerLine>;

const LINES_A_WRITE = 1_000;

export type Ledger = (line: LedgerLine) => void;

export const noLedger: Ledger = () => {};

/** Appends to a file, each line whole before the call returns. */
export function fileLedger(file: string): Ledger {
  return (line) => appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/** As above for a load's many lines: they are on disk when `close` returns, some of them earlier. */
export function batchedLedger(file: string): { readonly write: Ledger; readonly close: () => void } {
  let kept: string[] = [];
  const flush = () => {
    if (kept.length > 0) appendFileSync(file, kept.join(''));
    kept = [];
  };
  return {
    write(line) {
      if (kept.push(`${JSON.stringify(line)}\n`) >= LINES_A_WRITE) flush();
    },
    close: flush,
  };
}

/** Keeps the lines in `lines`. */
export function memoryLedger(lines: LedgerLine[]): Ledger {
  return (line) => {
    lines.push(line);
  };
}

export const readLedger = (file: string): LedgerLine[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => ledgerLine.parse(JSON.parse(line)));

export const digestOf = (topic: string, payload: string | Uint8Array): string =>
  createHash('sha256').update(topic).update('\0').update(payload).digest('base64url');

export type LedgerEntry = {
  readonly id: string;
  readonly hub: string;
  readonly critical: Extract<LedgerLine, { is: 'invoke' }>['critical'];
  readonly at: number;
  acked: readonly string[] | null;
  appAcked: boolean;
};

/** One entry an event, in the order of the events. An answer to something never said is a broken ledger. */
export function settle(lines: readonly LedgerLine[]): readonly LedgerEntry[] {
  const entries = new Map<string, LedgerEntry>();
  for (const line of lines) {
    if (line.is === 'invoke') {
      entries.set(line.id, { ...line, acked: null, appAcked: false });
      continue;
    }
    const entry = entries.get(line.id);
    if (!entry) throw new Error(`the ledger has an answer to ${line.id}, which was never said`);
    if (line.is === 'acked') entry.acked ??= line.proof;
    else if (line.is === 'appAcked') entry.appAcked = true;
  }
  return [...entries.values()];
}
