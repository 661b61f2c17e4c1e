import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { days } from '../domain/time.ts';
import { registerHomes, soleLease, type TownHome } from '../ingest/town.test-kit.ts';
import { openStoreHere } from '../store/open.ts';
import { postgresAvailable, startPostgres } from './postgres.ts';

const SCRIPT = join(import.meta.dirname, '../docs/postgres/split-by-household.sql');
const NOW = days(20_000);

const kept = (home: TownHome) => {
  const of = { ...home, device: 'cuff', kind: 'heart_rate' as const };
  return {
    ...{ states: [], latest: [], devices: [], hubs: [] },
    readings: [60, 70].map((value) => ({ ...of, value, at: NOW - value, position: `p ${value}` })),
    rollups: [{ ...of, size: 3_600, at: NOW, n: 2, sum: 130, min: 60, max: 70, minutes: '' }],
  };
};

describe.skipIf(postgresAvailable())('the script that splits tables by household', () => {
  test('leaves everything as it was, spreads the homes, and what comes later goes on', async () => {
    const cluster = await startPostgres();
    const { store, close } = await openStoreHere(cluster.url);
    const admin = new pg.Client({ connectionString: cluster.url });
    await admin.connect();
    try {
      const homes = await registerHomes(store, 40, NOW);
      const lease = await soleLease(store);
      const checkpoint = (turn: number) => {
        const complete = { householdId: 'processor:x', state: '{}' };
        return store.commitCheckpoint({
          ...{ lease, processor: 'x', turn, households: homes.map(kept), linksUnknown: false, complete },
        });
      };
      const split = (parts: number) =>
        execFileSync('psql', ['-v', 'ON_ERROR_STOP=1', '-v', `parts=${parts}`, cluster.url, '-f', SCRIPT]);
      const shown = (size: number) =>
        Promise.all(
          homes.map(({ householdId }) => store.series({ householdId, kind: 'heart_rate', from: 0, to: NOW + 1, size })),
        );
      await checkpoint(1);
      const before = { readings: await shown(0), rollups: await shown(3_600) };

      for (const parts of [4, 8]) {
        split(parts);
        expect({ readings: await shown(0), rollups: await shown(3_600) }).toEqual(before);
        const { rows } = await admin.query('select count(distinct tableoid)::int as used from rollup');
        expect(rows[0].used).toBeGreaterThan(parts / 2);
      }

      await checkpoint(2);
      expect((await shown(3_600)).flat().map(({ n }) => n)).toEqual(homes.map(() => 4));
      const old = { householdIds: homes.map(({ householdId }) => householdId), before: NOW + 1, limit: 1_000 };
      expect(await store.forgetReadings({ ...old, retain: 'vital' })).toBe(80);
      expect(await store.forgetRollups({ ...old, size: 3_600 })).toBe(40);
    } finally {
      await admin.end();
      await close();
      await cluster.stop();
    }
  });
});
