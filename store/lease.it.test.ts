import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines } from '../test/memory.ts';
import { locate, openSqlite } from './engine.ts';
import { failureOf, StoreError } from './failure.ts';
import { Fenced, holdFence, isFenced } from './lease.ts';
import { openStoreHere } from './open.ts';
import { openPostgres } from './postgres.ts';

describe.each(engines)('leases on $name', (engine) => {
  if (engine.unavailable) return test.skip(engine.unavailable);
  let started: Awaited<ReturnType<typeof engine.start>>;
  let url: string;
  let memory: Awaited<ReturnType<typeof openStoreHere>>;
  beforeAll(async () => {
    started = await engine.start();
    url = await started.database();
    memory = await openStoreHere(url);
  });
  afterAll(async () => {
    await memory.close();
    await started.stop();
  });

  test('of several who take what nobody has, one gets it', async () => {
    const { store } = memory;
    const fences = await Promise.all(
      ['a', 'b', 'c'].map((owner) => store.takeLease({ name: 'partition 0', owner, seen: null })),
    );
    expect(fences.filter((fence) => fence !== null)).toEqual([1]);
    await store.takeLease({ name: 'other', owner: 'a', seen: null });
    const [lease, ...others] = await store.leases({ prefix: 'partition ' });
    expect(lease).toMatchObject({ name: 'partition 0', owner: ['a', 'b', 'c'][fences.indexOf(1)], fence: 1 });
    expect(others).toEqual([]);
  });

  test('who renews keeps it; who was overtaken neither renews, nor releases, nor commits', async () => {
    const { store } = memory;
    const name = 'partition 1';
    const a = { name, owner: 'a', fence: (await store.takeLease({ name, owner: 'a', seen: null })) ?? 0 };
    const before = (await store.leases({ prefix: name }))[0]!;
    expect(await store.renewLease(a)).toBe(true);
    expect(await store.takeLease({ name, owner: 'b', seen: before })).toBeNull();

    const seen = (await store.leases({ prefix: name }))[0]!;
    const b = { name, owner: 'b', fence: (await store.takeLease({ name, owner: 'b', seen })) ?? 0 };
    expect(b.fence).toBe(a.fence + 1);
    expect(await store.renewLease(a)).toBe(false);
    await store.releaseLease(a);
    expect((await store.leases({ prefix: name }))[0]).toMatchObject(b);

    const db = locate(url).engine === 'sqlite' ? openSqlite(url, 'write') : openPostgres(url);
    const commit = (lease: typeof a) =>
      db.transaction().execute(async (trx) => {
        await holdFence(trx, lease);
        await trx.insertInto('counter').values({ name: lease.owner, value: 1 }).execute();
      });
    await commit(b);
    await expect(commit(a)).rejects.toThrow(Fenced);
    expect((await db.selectFrom('counter').select('name').where('name', 'in', ['a', 'b']).execute()).length).toBe(1);
    await db.destroy();

    await store.releaseLease(b);
    const free = (await store.leases({ prefix: name }))[0]!;
    expect(free.owner).toBe('');
    expect(await store.takeLease({ name, owner: 'a', seen: free })).toBe(b.fence + 1);
  });
});

test('being fenced is known for what it is also when it comes from another thread', () => {
  const fenced = new Fenced({ name: 'partition 2', owner: 'a', fence: 1 });
  const fromAThread = new StoreError(failureOf(fenced), structuredClone(fenced), fenced.code);
  expect([isFenced(fenced), isFenced(fromAThread), isFenced(new Error('other'))]).toEqual([true, true, false]);
  expect([failureOf(fenced), failureOf(fromAThread)]).toEqual(['refused', 'refused']);
});
