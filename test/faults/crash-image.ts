import { inspect } from 'node:util';
import { sql } from 'kysely';
import { openSqlite } from '../../store/engine.ts';
import { openStoreHere } from '../../store/open.ts';
import type { Told } from './told.ts';

export type Found = { readonly corrupt: string | null; readonly lost: number; readonly unalerted: number };

type Database = ReturnType<typeof openSqlite>;

async function lostEntries(db: Database, heads: Told['heads']): Promise<number> {
  let lost = 0;
  for (const [stream, head] of heads) {
    const { held } = await db
      .selectFrom('segment')
      // Only what was acknowledged of the last one: what stands behind it must not make up for what is missing before.
      .select(sql<number>`coalesce(sum(min("count", ${head} - first + 1)), 0)`.as('held'))
      .where('stream', '=', stream)
      .where('first', '<=', head)
      .executeTakeFirstOrThrow();
    lost += Math.max(0, head - Number(held));
  }
  return lost;
}

async function unalertedEmergencies(db: Database, emergencies: Told['emergencies']): Promise<number> {
  const rows = await db
    .selectFrom('alert')
    .select(['household_id', 'occurrences'])
    .where('category', '=', 'sos')
    .where('state', '<>', 'closed')
    .where('next_due', 'is not', null)
    .execute();
  const alerted = new Map(rows.map((row) => [row.household_id, Number(row.occurrences)]));
  let missing = 0;
  for (const [household, told] of emergencies) missing += Math.max(0, told - (alerted.get(household) ?? 0));
  return missing;
}

async function integrity(db: Database, thorough: boolean): Promise<string | null> {
  const check = thorough ? sql<{ said: string }>`pragma integrity_check` : sql<{ said: string }>`pragma quick_check`;
  const { rows } = await check.execute(db);
  const said = rows.map((row) => Object.values(row).join(' ')).join('; ');
  return said === 'ok' ? null : said;
}

/** Opens what a crash left, as a start would, and holds it against what hubs had been told. `thorough`: migrations and all indexes, too. */
export async function examine(file: string, { heads, emergencies }: Told, thorough: boolean): Promise<Found> {
  try {
    if (thorough) await (await openStoreHere(file)).close();
    const db = openSqlite(file, 'write');
    const corrupt = await integrity(db, thorough);
    const lost = heads.size > 0 ? await lostEntries(db, heads) : 0;
    const unalerted = emergencies.size > 0 ? await unalertedEmergencies(db, emergencies) : 0;
    await db.destroy();
    return { corrupt, lost, unalerted };
  } catch (error) {
    return { corrupt: inspect(error, { compact: true }).slice(0, 2_000), lost: 0, unalerted: 0 };
  }
}
