import type { CompiledQuery } from 'kysely';
import type { Db } from './schema.ts';

/** How many rows one statement takes: many for the way to the database, few sizes for the compiling, which costs more than the running. */
const SIZES = [64, 16, 4, 1] as const;

/**
 * Runs one statement for many rows, some dozens at a time, and gives what it returns. It must take the rows' values as its only
 * parameters, in the order of the rows and of their columns; and no two rows may mean the same row of the table.
 */
export async function inBulk<R extends object, T = unknown>(
  db: Db,
  rows: readonly R[],
  statement: (rows: readonly R[]) => { compile: () => CompiledQuery<T> },
): Promise<T[]> {
  const compiled = new Map<number, CompiledQuery<T>>();
  const returned: T[] = [];
  for (let at = 0; at < rows.length; ) {
    const size = SIZES.find((it) => it <= rows.length - at) ?? 1;
    const some = rows.slice(at, at + size);
    const query = compiled.get(size) ?? statement(some).compile();
    compiled.set(size, query);
    const answer = await db.executeQuery<T>({ ...query, parameters: some.flatMap((row) => Object.values(row)) });
    returned.push(...answer.rows);
    at += size;
  }
  return returned;
}
