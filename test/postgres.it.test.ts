import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, postgresAvailable, startPostgres } from './postgres.ts';

const unavailable = postgresAvailable();

describe.skipIf(unavailable !== null)(`a PostgreSQL for tests${unavailable ? ` (${unavailable})` : ''}`, () => {
  let cluster: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    cluster = await startPostgres();
  });
  afterAll(() => cluster.stop());

  const rowsOf = async (url: string, sql: string): Promise<unknown[]> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(sql);
    await client.end();
    return rows;
  };

  it('is as durable as one in service', async () => {
    expect(await rowsOf(cluster.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    expect(await rowsOf(cluster.url, 'SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
  });

  it('gives each test an empty database that others do not see', async () => {
    const [one, other] = await Promise.all([freshDatabase(cluster.url), freshDatabase(cluster.url)]);
    await rowsOf(one, 'CREATE TABLE mark (n int)');
    const tables = "SELECT count(*)::int AS n FROM pg_tables WHERE tablename = 'mark'";
    expect(await rowsOf(one, tables)).toEqual([{ n: 1 }]);
    expect(await rowsOf(other, tables)).toEqual([{ n: 0 }]);
  });
});
