import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { openStoreToRead } from '../store/open.ts';
import { compressSegment } from '../store/segment.ts';
import { type Cluster, startCluster } from '../test/faults/cluster.ts';
import { openToQuery } from '../test/faults/query.ts';
import { logIn } from '../test/person.ts';
import { postgresAvailable } from '../test/postgres.ts';
import { until } from '../test/system.ts';
import { type Speaker, segmentOfTown } from './backlog.ts';
import { openBehind } from './behind.ts';
import { type Bench, rounded } from './bench.ts';
import { registerHubs } from './register.ts';

const HOMES = 2_000;
const MESSAGES = 2_000_000;
/** As a front end writes them in a storm. */
const A_SEGMENT = 500;
const SEGMENTS_AT_ONCE = 100;
/** The backlog is ten minutes old at its end, so that nobody takes its last entry for one of just now. */
const AGE_MS = 600_000;
const PER_SECOND = 10_000;
const RATIO = 1.6;
const ROUNDS = 3;
const SHARED_WITHIN_MS = 60_000;
const WITHIN_MS = 600_000;

/** A town whose front end has ended; its homes are watched by nobody yet. */
async function registerTown(cluster: Cluster): Promise<readonly Speaker[]> {
  const front = await cluster.start('front', ['broker', 'web']);
  await registerHubs(await logIn(front.httpUrl, front.ownerLink ?? ''), HOMES);
  await front.stop();
  const { store, close } = openStoreToRead(cluster.url);
  const { hubs } = await store.hubsSince({ revision: 0, limit: HOMES });
  await close();
  return hubs;
}

/** A backlog, laid aside in a table of its own: what is measured is its reading. Gives how it is let go, all at once. */
async function layAside(cluster: Cluster, town: readonly Speaker[], name: string): Promise<() => Promise<unknown>> {
  const db = openToQuery(cluster.url);
  await sql`create table laid_aside (like segment including all)`.execute(db);
  const begun = Date.now() - AGE_MS - (MESSAGES / PER_SECOND) * 1_000;
  const row = (from: number) => {
    const bytes = segmentOfTown(town, { boot: name, from, count: A_SEGMENT, begun, perSecond: PER_SECOND });
    const at = Math.round(begun + (from / PER_SECOND) * 1_000);
    return sql`(${name}, ${from + 1}, ${A_SEGMENT}, ${at}, ${compressSegment(bytes)})`;
  };
  for (let from = 0; from < MESSAGES; from += A_SEGMENT * SEGMENTS_AT_ONCE) {
    const rows = Array.from({ length: SEGMENTS_AT_ONCE }, (_, n) => row(from + n * A_SEGMENT));
    await sql`insert into laid_aside values ${sql.join(rows)}`.execute(db);
  }
  return async () => {
    await sql`insert into segment select * from laid_aside`.execute(db);
    await sql`drop table laid_aside`.execute(db);
    await db.destroy();
  };
}

/** Each processor has its share of the partitions, and nobody is about to take over another's. */
async function untilShared(cluster: Cluster, processors: number): Promise<void> {
  const { store, close } = openStoreToRead(cluster.url);
  const partitions = await store.partitions(null);
  await until(
    'the partitions to be shared',
    async () => {
      await pause(500);
      const owners = (await store.leases({ prefix: 'partition ' })).map(({ owner }) => owner).filter(Boolean);
      const each = [...Map.groupBy(owners, (owner) => owner).values()].map(({ length }) => length);
      return each.length === processors && each.every((its) => its === partitions / processors);
    },
    SHARED_WITHIN_MS,
  );
  await close();
}

/** Messages a second until nothing is left of a backlog. */
async function drain(cluster: Cluster, town: readonly Speaker[], names: readonly string[], round: number) {
  const letGo = await layAside(cluster, town, `round ${round} of ${names.length}`);
  const started = await Promise.all(names.map((name) => cluster.start(name, ['ingest'])));
  await untilShared(cluster, names.length);
  const behind = openBehind(cluster.url);
  await behind.level(WITHIN_MS);
  const from = performance.now();
  await letGo();
  await behind.level(WITHIN_MS);
  const rate = MESSAGES / ((performance.now() - from) / 1_000);
  await behind.close();
  await Promise.all(started.map((system) => system.stop()));
  return Math.round(rate);
}

const median = (rates: readonly number[]): number => rates.toSorted((a, b) => a - b)[rates.length >> 1] ?? 0;

export const processors: Bench = {
  name: 'processors',
  measures: `two processors on one PostgreSQL against one: a backlog of ${MESSAGES.toLocaleString('en')} messages taken up, the median of ${ROUNDS} rounds`,
  bar: `two take up at least ${RATIO} times as much as one`,
  seconds: 0,
  unavailable: postgresAvailable,
  async run({ say }) {
    const cluster = await startCluster();
    try {
      const town = await registerTown(cluster);
      const one: number[] = [];
      const two: number[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        one.push(await drain(cluster, town, ['one'], round));
        two.push(await drain(cluster, town, ['one', 'other'], round));
        say(`one ${one.at(-1)}/s, two ${two.at(-1)}/s`);
      }
      const ratio = rounded(median(two) / median(one), 2);
      return {
        figures: { 'one messages/s': median(one), 'two messages/s': median(two), ratio },
        missed: ratio < RATIO ? [`two take up ${ratio} times as much as one`] : [],
      };
    } finally {
      await cluster.end();
    }
  },
};
