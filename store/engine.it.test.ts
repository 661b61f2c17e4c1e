import { sql } from 'kysely';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../test/memory.ts';
import { openSqlite } from './engine.ts';
import { migrate } from './migrate.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

test('a transaction that the engine has ended itself fails for its own reason, and the next one goes on', async () => {
  const db = openSqlite(`${folder.path}/shouwang.db`, 'write');
  await sql`create table said (word text unique)`.execute(db);
  const say = (word: string) =>
    db.transaction().execute((trx) => sql`insert or rollback into said values (${word})`.execute(trx));
  await say('once');
  await expect(say('once')).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_UNIQUE' });
  await say('twice');
  await db.destroy();
});

test('a first start that was cut off anywhere leaves all of the schema or none', async () => {
  const file = `${folder.path}/first.db`;
  const cutOff = openSqlite(file, 'write');
  // The name of a table that the migrations make: they fail in the middle.
  await sql`create table webhook (id text)`.execute(cutOff);
  const tables = async () =>
    (await sql<{ name: string }>`select name from sqlite_master where name in ('area', 'webhook')`.execute(cutOff))
      .rows;
  await expect(migrate({ engine: 'sqlite', url: file })).rejects.toThrow();
  expect(await tables()).toEqual([{ name: 'webhook' }]);
  await sql`drop table webhook`.execute(cutOff);
  await migrate({ engine: 'sqlite', url: file });
  expect(await tables()).toHaveLength(2);
  await cutOff.destroy();
});
