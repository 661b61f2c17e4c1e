import type { Kysely } from 'kysely';
import { locate, openSqlite } from '../../store/engine.ts';
import { openPostgres } from '../../store/postgres.ts';
import type { Tables } from '../../store/schema.ts';

/** The memory by statements of one's own, without the right to change it on SQLite: a check asks what no part of Shouwang ever does. */
export function openToQuery(url: string): Kysely<Tables> {
  const { engine, url: place } = locate(url);
  return engine === 'postgres' ? openPostgres(place) : openSqlite(place, 'read');
}
