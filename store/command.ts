import type { Db } from './schema.ts';

/** A write is one transaction; a read is answered from what is committed. Arguments and results are plain data: they cross threads. */
export type Command<A, R> = {
  readonly kind: 'read' | 'write';
  /** Nobody misses it after a power cut: SQLite does not wait for the disk, and nobody else waits meanwhile. */
  readonly isFleeting?: true;
  readonly run: (db: Db, args: A) => Promise<R>;
};

export const read = <A, R>(run: (db: Db, args: A) => Promise<R>): Command<A, R> => ({ kind: 'read', run });
export const write = <A, R>(run: (db: Db, args: A) => Promise<R>): Command<A, R> => ({ kind: 'write', run });
export const fleetingWrite = <A, R>(run: (db: Db, args: A) => Promise<R>): Command<A, R> => ({
  kind: 'write',
  isFleeting: true,
  run,
});

/** Two transactions met where only one may win; the whole of the later one is run again and sees the other's rows. */
export class Met extends Error {
  /** PostgreSQL's own word for the same, a serialization failure: in the end it is asked again, not refused. */
  readonly code = '40001';
}
