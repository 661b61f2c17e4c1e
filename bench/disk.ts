import { statSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
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
import { type Bench, rounded } from './bench.ts';

const HOMES = 100;
const CITY = 104_000;
/** What a home of the city says a day, at 2,250 messages/s over all. */
const SAID_A_DAY = (2_250 * 86_400) / CITY;
/** Entries that a group commit holds at that rate. */
const ENTRIES_A_COMMIT = 3;
const BAR_GB = 10;
const DAY = '2026-11-20';
const STREAM = 'a';

type Home = { readonly hubId: string; readonly number: number };

/** A day of all homes as their hubs say it, in order. */
function* dayOfTown(homes: readonly Home[], from: number): Generator<JournalEntry> {
  const said = homes.flatMap(({ hubId, number }) => {
    const home = homeOf(number, { seed: 'disk', prefix: 'disk' });
    const speech = ownSpeech(home.clientId);
    return dayOf(home, DAY).flatMap(({ at, readings }, seq) =>
      speech.frames({ boot: `b-${number}`, seq, at, readings }, at).map((frame) => ({ at: at + 40, hubId, ...frame })),
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
function bytesByTable(file: string): Map<string, number> {
  const db = new Sqlite(file, { readonly: true });
  const rows = db
    .prepare(
      'select m.tbl_name as name, sum(s.pgsize) as bytes from dbstat s join sqlite_master m on m.name = s.name group by 1',
    )
    .all() as { name: string; bytes: number }[];
  db.close();
  return new Map(rows.map(({ name, bytes }) => [name, bytes]));
}

async function liveADay(file: string): Promise<number> {
  const { store, close } = await openStoreHere(file);
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
  measures: `a simulated day of ${HOMES} homes through the journal, its compaction and the processor, on SQLite; scaled to ${CITY.toLocaleString('en')} homes that say 2,250 messages/s`,
  bar: `under ${BAR_GB} GB a day`,
  seconds: 0,
  unavailable: () => null,
  async run({ say }) {
    const folder = temporaryFolder();
    const file = join(folder.path, 'shouwang.db');
    const messages = await liveADay(file);
    const tables = bytesByTable(file);
    say(JSON.stringify(Object.fromEntries(tables)));
    const fileBytes = statSync(file).size;
    folder.remove();
    const bytesOf = (name: string): number => tables.get(name) ?? 0;
    const grows = ['segment', 'rollup', 'reading'] as const;
    const gbADay = (bytes: number): number => rounded(((bytes / messages) * SAID_A_DAY * CITY) / 1e9, 2);
    const gb = gbADay(grows.reduce((sum, name) => sum + bytesOf(name), 0));
    const stays = [...tables].filter(([name]) => !grows.some((it) => it === name));
    return {
      figures: {
        'messages a home': Math.round(messages / HOMES),
        'journal bytes a message': rounded(bytesOf('segment') / messages),
        'rollup bytes a message': rounded(bytesOf('rollup') / messages),
        'reading bytes a message': rounded(bytesOf('reading') / messages),
        'kB a home that stay as they are': rounded(stays.reduce((sum, [, bytes]) => sum + bytes, 0) / HOMES / 1_000),
        'file MB': rounded(fileBytes / 1e6),
        'GB a day': gb,
      },
      missed: gb < BAR_GB ? [] : [`${gb} GB a day`],
    };
  },
};
