import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, postgresAvailable, startPostgres } from '../test/postgres.ts';
import { until } from '../test/system.ts';
import { openNotify } from './notify.ts';

describe.skipIf(postgresAvailable())('nudges between processes', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startPostgres();
  });
  afterAll(() => cluster.stop());

  test('others hear what is sent, many at once as one, and nobody hears himself', async () => {
    const heard = { a: [] as string[], b: [] as string[] };
    const a = openNotify(cluster.url, (subject) => heard.a.push(subject));
    const b = openNotify(cluster.url, (subject) => heard.b.push(subject));
    await until('b to hear a', () => {
      a.send('registry');
      return heard.b.length > 0;
    });
    await until('a to hear b', () => {
      b.send('alerts');
      return heard.a.includes('alerts');
    });
    const before = heard.b.length;
    for (let i = 0; i < 1_000; i++) a.send(i % 2 ? 'links' : 'registry');
    await until('both to have come', () => heard.b.includes('links'));
    expect(heard.b.length - before).toBeLessThan(6);
    expect(heard.a).not.toContain('registry');
    await Promise.all([a.stop(), b.stop()]);
  });

  test('a connection that is cut is opened anew within a second', async () => {
    const heard: string[] = [];
    const a = openNotify(cluster.url, (subject) => heard.push(subject));
    const b = openNotify(cluster.url, () => {});
    const admin = new pg.Client({ connectionString: cluster.url });
    await admin.connect();
    for (let cut = 0; cut < 3; cut++) {
      heard.length = 0;
      await until('a to hear b', () => {
        b.send('notices');
        return heard.length > 0;
      });
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'shouwang nudge'`,
      );
    }
    await admin.end();
    await Promise.all([a.stop(), b.stop()]);
  });
});
