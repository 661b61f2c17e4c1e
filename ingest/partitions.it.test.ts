import { describe, expect, test } from 'vitest';
import { systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { openStoreHere } from '../store/open.ts';
import { postgresAvailable, startPostgres } from '../test/postgres.ts';
import { startPartitions } from './partitions.ts';

describe.skipIf(postgresAvailable())('the partitions of a process', () => {
  test('that starts while the database is away are taken when it is back', async () => {
    const cluster = await startPostgres();
    const { store, close } = await openStoreHere(cluster.url);
    await cluster.goDown('SIGQUIT');
    const starting = startPartitions({
      ...{ store, clock: systemClock(), log: silentLog, owner: 'late' },
      // What it then works with is not what is looked at here.
      start: () => new Promise(() => {}),
    });
    await cluster.comeUp();
    const partitions = await starting;
    expect(Array.from({ length: 8 }, (_, number) => partitions.has(number))).not.toContain(false);
    await partitions.stop();
    await close();
    await cluster.stop();
  });
});
