import type { HubLine } from '../device-sim/hubs-csv.ts';
import { type LoadResult, runLoad } from '../device-sim/load.ts';
import { type Cluster, startCluster } from '../test/faults/cluster.ts';
import { logIn, type Person } from '../test/person.ts';
import { postgresAvailable } from '../test/postgres.ts';
import type { System } from '../test/system.ts';
import { type Bench, type BenchRun, loadMissed, rounded } from './bench.ts';
import { registerHubs } from './register.ts';

const HUBS = 400;

async function startFront(cluster: Cluster): Promise<{ front: System; owner: Person; hubs: readonly HubLine[] }> {
  const front = await cluster.start('front', ['broker', 'web']);
  const owner = await logIn(front.httpUrl, front.ownerLink ?? '');
  return { front, owner, hubs: await registerHubs(owner, HUBS) };
}

const storm = (port: number, hubs: readonly HubLine[], seconds: number): Promise<LoadResult> =>
  runLoad({ host: '127.0.0.1', port, hubs, rate: 0, seconds, criticalPerMille: 10 });

const FRONT_ENDS = ['front', 'front 2', 'front 3', 'front 4'];

async function stormOverAll(cluster: Cluster, { seconds, say }: BenchRun) {
  const { owner, hubs } = await startFront(cluster);
  for (const name of FRONT_ENDS.slice(1)) await cluster.start(name, ['broker']);
  await cluster.start('ingest', ['ingest']);
  const share = Math.ceil(hubs.length / FRONT_ENDS.length);
  const results = await Promise.all(
    FRONT_ENDS.map((name, n) => storm(cluster.process(name).mqttPort, hubs.slice(n * share, (n + 1) * share), seconds)),
  );
  const { processorBehindMs } = await owner.get<{ processorBehindMs: number }>('/system');
  say(results.map(({ rate }) => rate).join(' + '));
  return { results, processorBehindMs };
}

export const frontEnds: Bench = {
  name: 'front-ends',
  measures: 'four front ends over one PostgreSQL on the same two cores, as fast as possible, one processor beside them',
  bar: 'every hub let in and every message answered; the rate is stated',
  seconds: 20,
  unavailable: postgresAvailable,
  async run(run) {
    const cluster = await startCluster();
    try {
      const { results, processorBehindMs } = await stormOverAll(cluster, run);
      return {
        figures: {
          'messages/s on disk': results.reduce((sum, { rate }) => sum + rate, 0),
          'PUBACK p50 ms': rounded(Math.max(...results.map(({ p50_ms }) => p50_ms))),
          'PUBACK p99 ms': rounded(Math.max(...results.map(({ p99_ms }) => p99_ms))),
          'processor behind ms': processorBehindMs,
          unacknowledged: results.reduce((sum, { unacked }) => sum + unacked, 0),
        },
        // As many as come, but all of them answered.
        missed: results.flatMap((load) => loadMissed(load, 0)),
      };
    } finally {
      await cluster.end();
    }
  },
};
