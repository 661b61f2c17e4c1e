import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { digestOf, fileLedger, type LedgerLine, readLedger, settle } from './ledger.ts';

const invoke: LedgerLine = { is: 'invoke', id: 'h/b/1', hub: 'h', critical: 'sos', at: 1 };

it('keeps every line in the file, in order', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  const write = fileLedger(join(folder, 'ledger.jsonl'));
  const lines: LedgerLine[] = [invoke, { is: 'unknown', id: 'h/b/1' }, { is: 'acked', id: 'h/b/1', proof: ['x'] }];
  lines.forEach(write);
  expect(readLedger(join(folder, 'ledger.jsonl'))).toEqual(lines);
  rmSync(folder, { recursive: true });
});

it('settles an event by its first acknowledgement, though it was unknown before', () => {
  const [entry] = settle([
    invoke,
    { is: 'unknown', id: 'h/b/1' },
    { is: 'acked', id: 'h/b/1', proof: ['first'] },
    { is: 'acked', id: 'h/b/1', proof: ['second'] },
    { is: 'appAcked', id: 'h/b/1' },
  ]);
  expect(entry).toMatchObject({ acked: ['first'], appAcked: true, critical: 'sos' });
});

it('leaves what was never acknowledged open, and refuses an answer to nothing', () => {
  expect(settle([invoke])[0]?.acked).toBeNull();
  expect(() => settle([{ is: 'appAcked', id: 'h/b/2' }])).toThrow('h/b/2');
});

it('tells apart topics and payloads that run into each other', () => {
  expect(digestOf('a', 'bc')).not.toBe(digestOf('ab', 'c'));
});
