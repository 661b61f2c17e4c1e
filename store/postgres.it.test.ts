import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tcpProxy } from '../test/faults/tcp-proxy.ts';
import { type Cluster, freshDatabase, postgresAvailable, startPostgres } from '../test/postgres.ts';
import { until } from '../test/system.ts';
import { failureOf } from './failure.ts';
import { openStoreHere } from './open.ts';
import { openPostgres, serversOf, Unfit } from './postgres.ts';

test.each([
  ['postgres://u:p@h/db', ['postgres://u:p@h/db']],
  [
    'postgres://u:p@h1:5432,h2:5433/db?sslmode=require',
    ['postgres://u:p@h1:5432/db?sslmode=require', 'postgres://u:p@h2:5433/db?sslmode=require'],
  ],
  ['postgresql://[::1]:1,h2', ['postgresql://[::1]:1', 'postgresql://h2']],
])('%s names the servers %o', (url, servers) => {
  expect(serversOf(url)).toEqual(servers);
});

describe.skipIf(postgresAvailable())('PostgreSQL as the memory', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startPostgres();
  });
  afterAll(() => cluster.stop());

  const alter = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: cluster.url });
    await client.connect();
    await client.query(statement);
    await client.query('select pg_reload_conf()');
    await client.end();
  };

  test('a server that may lose what it has confirmed is refused in words, and one without a standby is a warning', async () => {
    const url = await freshDatabase(cluster.url);
    const warnings: string[] = [];
    const { store, close } = await openStoreHere(url, { warn: (sentence) => warnings.push(sentence) });
    await Promise.all([store.streamHeads(null), store.leases({ prefix: '' })]);
    expect(warnings).toEqual([expect.stringContaining('no synchronous standby')]);
    await close();
    await alter('alter system set fsync = off');
    await until('fsync to be off', () =>
      openStoreHere(url).then(
        ({ close }) => close().then(() => false),
        (error) => error instanceof Unfit && error.message.includes('fsync = off'),
      ),
    );
    await alter('alter system reset fsync');
  });

  test('synchronous_commit is set to on where it is off, and stays what is stronger', async () => {
    const url = await freshDatabase(cluster.url);
    const shown = async (): Promise<unknown> => {
      const db = openPostgres(url);
      const { rows } = await sql<{ it: string }>`select current_setting('synchronous_commit') as it`.execute(db);
      await db.destroy();
      return rows[0]?.it;
    };
    for (const [set, used] of [
      ['off', 'on'],
      ['local', 'on'],
      ['remote_apply', 'remote_apply'],
    ]) {
      await alter(`alter role shouwang set synchronous_commit = ${set}`);
      expect(await shown()).toBe(used);
    }
    await alter('alter role shouwang reset synchronous_commit');
  });

  test('a wrong database ends the start with a sentence; one that is not there yet is waited for', async () => {
    await expect(openStoreHere(cluster.url.replace(/[^/]*$/, 'nowhere'))).rejects.toThrow(
      /does not let us in.*nowhere/,
    );
    const url = await freshDatabase(cluster.url);
    await cluster.goDown('SIGINT');
    const said: string[] = [];
    const opening = openStoreHere(url, { warn: (sentence) => said.push(sentence) });
    await until('it to say that it waits', () => said.length > 0);
    expect(said[0]).toMatch(/waiting to start: the database does not answer: 127\.0\.0\.1:\d+: connect ECONNREFUSED/);
    await cluster.comeUp();
    const { store, close } = await opening;
    expect(await store.streamHeads(null)).toEqual({});
    await close();
  });

  test('a database that goes away while it is asked makes its commands unavailable, and ends nothing', async () => {
    const { store, close } = await openStoreHere(await freshDatabase(cluster.url));
    await store.streamHeads(null);
    const beats = Array.from({ length: 20 }, (_, i) => store.beat({ role: 'web', instance: `${i}`, at: i }));
    const asked = Promise.allSettled([...beats, store.streamHeads(null)]);
    await cluster.goDown('SIGQUIT');
    const failures = (await asked).flatMap((it) => (it.status === 'rejected' ? [failureOf(it.reason)] : []));
    expect(new Set(failures)).toEqual(new Set(['unavailable']));
    await cluster.comeUp();
    expect(await store.streamHeads(null)).toEqual({});
    await close();
  });

  test('a server that is gone without a word is given up after 10 s, and asked again when it is back', async () => {
    const proxy = await tcpProxy({ port: Number(new URL(cluster.url).port) });
    const url = (await freshDatabase(cluster.url)).replace(/:\d+\//, `:${proxy.port}/`);
    const { store, close } = await openStoreHere(url);
    await store.streamHeads(null);
    proxy.freeze('up', 'down');
    const from = performance.now();
    expect(await store.beat({ role: 'web', instance: 'a', at: 1 }).catch(failureOf)).toBe('unavailable');
    expect(performance.now() - from).toBeLessThan(15_000);
    proxy.cut();
    proxy.thaw();
    await store.beat({ role: 'web', instance: 'a', at: 1 });
    await close();
    await proxy.close();
  });

  test('a transaction that stands still loses its locks after 5 s, and knows', async () => {
    const url = await freshDatabase(cluster.url);
    const { store, close } = await openStoreHere(url);
    await store.takeLease({ name: 'it', owner: 'a', seen: null });
    const seen = (await store.leases({ prefix: 'it' }))[0]!;
    const db = openPostgres(url);
    const taken = await new Promise<Promise<number | null>>((resolve, reject) => {
      db.transaction()
        .execute(async (trx) => {
          await trx.updateTable('lease').set({ renewal: 7 }).execute();
          const taking = store.takeLease({ name: 'it', owner: 'b', seen });
          await taking;
          resolve(taking);
          await trx.selectFrom('lease').selectAll().execute();
        })
        .then(
          () => reject(new Error('it went on')),
          (error) => (failureOf(error) === 'unavailable' ? null : reject(error)),
        );
    });
    expect(await taken).toBe(2);
    await db.destroy();
    await close();
  });

  test('the standby takes over under the same URL, and keeps what was confirmed; a commit that no standby confirmed is none', async () => {
    const primary = await startPostgres();
    const standby = await primary.startStandby();
    const db = openPostgres(standby.url);
    const add = (n: number) => sql`insert into it values (${n})`.execute(db);
    await sql`create table it (n int)`.execute(db);
    await add(1);

    // Nobody confirms any more; whoever ends the wait makes PostgreSQL say that all is well.
    await standby.goDown('SIGINT');
    const unconfirmed = add(2).then(
      () => 'confirmed',
      (error) => failureOf(error),
    );
    const admin = new pg.Client({ connectionString: primary.url });
    await admin.connect();
    await until('the commit to wait for its standby, and to be told to stop', async () => {
      const { rowCount } = await admin.query(
        `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`,
      );
      return rowCount;
    });
    expect(await unconfirmed).toBe('unavailable');
    await admin.end();

    await standby.comeUp();
    await add(3);
    await primary.goDown('SIGQUIT');
    expect(await add(4).catch(failureOf)).toBe('unavailable');
    await standby.promote();
    await add(5);
    const { rows } = await sql<{ n: number }>`select n from it order by n`.execute(db);
    expect(rows.map(({ n }) => n)).toEqual([1, 2, 3, 5]);
    await db.destroy();
    await standby.stop();
    await primary.stop();
  });
});
