import { sql } from 'kysely';
import type { Db } from './schema.ts';

/**
 * The few different values in the leading column of a large table's key, one step of the index each: neither engine does that by
 * itself for `distinct` or `group by`, which read every row.
 */
async function distinct(db: Db, table: 'segment' | 'turn', column: 'stream' | 'processor'): Promise<string[]> {
  const key = sql.ref(`${table}.${column}`);
  const { rows } = await sql<{ value: string }>`
    with recursive each(value) as (
      select min(${key}) from ${sql.table(table)}
      union all select (select min(${key}) from ${sql.table(table)} where ${key} > each.value) from each where each.value is not null
    ) select value from each where value is not null`.execute(db);
  return rows.map((row) => row.value);
}

export const streamsOf = (db: Db): Promise<string[]> => distinct(db, 'segment', 'stream');
export const processorsOf = (db: Db): Promise<string[]> => distinct(db, 'turn', 'processor');
