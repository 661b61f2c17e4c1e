import type { CompiledQuery } from 'kysely';
import type { Db } from './schema.ts';

/**
 * Runs one statement for each of many rows, compiled once: compiling costs Kysely more than the engine needs to run it. The statement
 * must take the row's values as its only parameters, in the order of the row's columns. Answers, for each row, whether it changed anything.
 */
export async function eachRow<R extends object>(
  db: Db,
  rows: readonly R[],
  statement: (row: R) => { compile: () => CompiledQuery },
): Promise<boolean[]> {
  const first = rows[0];
  if (!first) return [];
  const compiled = statement(first).compile();
  const changed: boolean[] = [];
  for (const row of rows) {
    const { numAffectedRows } = await db.executeQuery({ ...compiled, parameters: Object.values(row) });
    changed.push(numAffectedRows === 1n);
  }
  return changed;
}
