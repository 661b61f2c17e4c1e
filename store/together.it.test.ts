import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../test/memory.ts';
import { openSqlite } from './engine.ts';
import { migrate } from './migrate.ts';
import { together } from './together.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

test('commands that go together are each done whole or not at all, and one that is refused disturbs no other', async () => {
  const url = `${folder.path}/shouwang.db`;
  await migrate({ engine: 'sqlite', url });
  const db = openSqlite(url, 'write');
  const commit = (first: number, findings: unknown[]) =>
    ({
      name: 'commitSegment',
      args: {
        ...{ stream: 'intake', first, count: 1, at: 1, bytes: new Uint8Array([1]) },
        ...{ findings, alarmStates: [], catalogues: [], unreadable: [] },
      },
    }) as const;
  // The middle one has written its segment when it comes to an emergency of a home that is none.
  const outcomes = await together(db, [
    commit(1, []),
    commit(2, [{ category: 'sos', householdId: null }]),
    commit(3, []),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  const kept = await db.selectFrom('segment').select('first').orderBy('first').execute();
  expect(kept.map(({ first }) => first)).toEqual([1, 3]);
  await db.destroy();
});
