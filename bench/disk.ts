import { statSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { homeOf, ZONE } from '../device-sim/home.ts';
import { dayOf } from '../device-sim/life.ts';
import { midnightOf } from '../device-sim/local-day.ts';
import { ownSpeech } from '../device-sim/own-speech.ts';
import type { JournalEntry } from '../domain/packet.ts';
import { days, minutes, seconds } from '../domain/time.ts';
import { compaction } from '../ingest/compaction.ts';
import { decode } from '../ingest/decoders/registry.ts';
import { startProcessor } from '../ingest/processor.ts';
import { rules } from '../ingest/rules/registry.ts';
import { registerHomes, soleLease, WHOLE } from '../ingest/town.test-kit.ts';
import { movedClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import type { Store } from '../store/commands.ts';
import { openStoreHere } from '../store/open.ts';
import { segmentWriter } from '../store/segment.ts';
import { temporaryFolder } from '../test/memory.ts';
import { postgresAvailable, startPostgres } from '../test/postgres.ts';
import { type Bench, rounded } from './bench.ts';

const HOMES = 100;
const CITY = 104_000;
/** What a home of the city says a day, at 2,250 messages/s over all. */
const SAID_A_DAY = (2_250 * 86_400) / CITY;
/** Entries that a group commit holds at that rate. */
const ENTRIES_A_COMMIT = 3;
const BAR_GB = 10;
/** The tables that a day makes longer. */
const GROWS = ['segment', 'rollup', 'reading'] as const;
const DAY = '2026-11-20';
const STREAM = 'a';

type Home = { readonly hubId: string; readonly number: number };

/** A day of all homes as their hubs say it, in order. */
function* dayOfTown(homes: readonly Home[], from: number): Generator<JournalEntry> {
  const said = homes.flatMap(({ hubId, number }) => {
    const home = homeOf(number, { seed: 'disk', prefix: 'disk' });
    const speech = ownSpeech(home.clientId);
    return dayOf(home, DAY).flatMap(({ at, readings }, seq) =>
      speech
        .frames({ boot: `b-${number}`, seq, at, readings }, at)
        .map((frame) => ({ at: Math.round(at) + 40, hubId, ...frame })),
    );
  });
  said.sort((a, b) => a.at - b.at);
  for (const { at, hubId, topic, payload, retain } of said) {
    const times = { receivedAt: at, monotonicAt: at - from + 0.123456 };
    yield { kind: 'packet', hubId, topic, payload: Buffer.from(payload), qos: 1, retain, ...times };
  }
}

function committer(store: Pick<Store, 'commitSegment'>) {
  let first = 1;
  return async (entries: readonly JournalEntry[]): Promise<void> => {
    const writer = segmentWriter();
    for (const entry of entries) writer.add(entry, 7);
    await store.commitSegment({
      ...{ stream: STREAM, first, count: entries.length, at: entries.at(-1)?.receivedAt ?? 0, bytes: writer.take() },
      ...{ findings: [], alarmStates: [], catalogues: [], unreadable: [] },
    });
    first += entries.length;
  };
}

/** What each table with its indexes takes, in bytes. */
function bytesOnSqlite(file: string): Map<string, number> {
  const db = new Sqlite(file, { readonly: true });
  const rows = db
    .prepare(
      'select m.tbl_name as name, sum(s.pgsize) as bytes from dbstat s join sqlite_master m on m.name = s.name group by 1',
    )
    .all() as { name: string; bytes: number }[];
  db.close();
  return new Map(rows.map(({ name, bytes }) => [name, bytes]));
}

/** The same on PostgreSQL, as if it had been vacuumed. */
async function bytesOnPostgres(url: string): Promise<Map<string, number>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('vacuum full');
  const { rows } = await client.query<{ name: string; bytes: string }>(
    "select relname as name, pg_total_relation_size(oid) as bytes from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
  );
  await client.end();
  return new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]));
}

async function liveADay(url: string): Promise<number> {
  const { store, close } = await openStoreHere(url);
  const from = midnightOf(DAY, ZONE);
  const clock = movedClock(from);
  const homes = (await registerHomes(store, HOMES, from)).map(({ hubId }, n) => ({ hubId, number: n + 1 }));
  const processor = await startProcessor({
    ...{ store, clock, log: silentLog, nudge: { send: () => {} }, rules, decode, intakeStartedAt: from },
    ...{ partition: WHOLE, lease: await soleLease(store), checkpointEveryMs: minutes(10) },
  });
  const commit = committer(store);
  let gathered: JournalEntry[] = [];
  let messages = 0;
  for (const entry of dayOfTown(homes, from)) {
    gathered.push(entry);
    messages++;
    if (gathered.length < ENTRIES_A_COMMIT) continue;
    await commit(gathered);
    gathered = [];
    if (entry.receivedAt - clock.now() < seconds(10)) continue;
    clock.forward(entry.receivedAt - clock.now());
    await processor.round();
  }
  if (gathered.length > 0) await commit(gathered);
  clock.forward(days(1));
  await processor.round();
  await processor.stop();
  const compact = compaction({ store, clock });
  while (await compact());
  await close();
  return messages;
}

/** How much a city writes a day. */
export const disk: Bench = {
  name: 'disk',
  measures: `a simulated day of ${HOMES} homes through the journal, its compaction and the processor, on SQLite and on PostgreSQL; scaled to ${CITY.toLocaleString('en')} homes that say 2,250 messages/s`,
  bar: `under ${BAR_GB} GB a day on SQLite; on PostgreSQL stated`,
  seconds: 0,
  unavailable: postgresAvailable,
  async run({ say }) {
    const folder = temporaryFolder();
    const file = join(folder.path, 'shouwang.db');
    const messages = await liveADay(file);
    const tables = bytesOnSqlite(file);
    say(JSON.stringify(Object.fromEntries(tables)));
    const fileBytes = statSync(file).size;
    folder.remove();
    const bytesOf = (name: string): number => tables.get(name) ?? 0;
    const gbADay = (of: ReadonlyMap<string, number>): number => {
      const bytes = GROWS.reduce((sum, name) => sum + (of.get(name) ?? 0), 0);
      return rounded(((bytes / messages) * SAID_A_DAY * CITY) / 1e9, 2);
    };
    const gb = gbADay(tables);
    const stays = [...tables].filter(([name]) => !GROWS.some((it) => it === name));
    const cluster = await startPostgres();
    await liveADay(cluster.url);
    const onPostgres = await bytesOnPostgres(cluster.url);
    await cluster.stop();
    const perMessage = (name: string): number => rounded((onPostgres.get(name) ?? 0) / messages);
    return {
      figures: {
        'messages a home': Math.round(messages / HOMES),
        'journal bytes a message': rounded(bytesOf('segment') / messages),
        'rollup bytes a message': rounded(bytesOf('rollup') / messages),
        'reading bytes a message': rounded(bytesOf('reading') / messages),
        'kB a home that stay as they are': rounded(stays.reduce((sum, [, bytes]) => sum + bytes, 0) / HOMES / 1_000),
        'file MB': rounded(fileBytes / 1e6),
        'GB a day': gb,
        'on PostgreSQL: journal bytes a message': perMessage('segment'),
        'on PostgreSQL: rollup bytes a message': perMessage('rollup'),
        'on PostgreSQL: reading bytes a message': perMessage('reading'),
        'on PostgreSQL: GB a day': gbADay(onPostgres),
      },
      missed: gb < BAR_GB ? [] : [`${gb} GB a day`],
    };
  },
};
