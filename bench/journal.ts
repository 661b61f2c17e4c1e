import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { type LoadResult, runLoad } from '../device-sim/load.ts';
import { days } from '../domain/time.ts';
import { compressSegment } from '../store/segment.ts';
import { brokenOf } from '../test/faults/fault.ts';
import { temporaryFolder } from '../test/memory.ts';
import { logIn } from '../test/person.ts';
import { startSystem } from '../test/system.ts';
import { segmentOfTown } from './backlog.ts';
import { type Bench, loadMissed, rounded } from './bench.ts';
import { registerHubs } from './register.ts';

const MESSAGES = 40_000_000;
/** As the journal's compaction leaves them. */
const A_ROW = 1_000;
const HUBS = 500;
const RATE = 2_250;
const START_MS = 2_000;
const SLOWER = 1.3;
const STREAM = 'intake of years';
/** So that they are some five days. */
const PER_SECOND = 100;

/** Puts a week's journal into the database of a system that is not running, read and joined already. */
function fill(file: string, say: (line: string) => void): void {
  const db = new Sqlite(file);
  db.pragma('synchronous = off');
  const insert = db.prepare('insert into segment (stream, first, count, at, packets) values (?, ?, ?, ?, ?)');
  const town = Array.from({ length: 2_000 }, (_, n) => ({ hubId: randomUUID(), slot: n % 256 }));
  const begun = Date.now() - days(6);
  for (let from = 1; from <= MESSAGES; from += A_ROW * 1_000) {
    db.transaction(() => {
      for (let first = from; first < from + A_ROW * 1_000; first += A_ROW) {
        const at = Math.round(begun + (first / PER_SECOND) * 1_000);
        const bytes = segmentOfTown(town, { boot: 'b', from: first, count: A_ROW, begun, perSecond: PER_SECOND });
        insert.run(STREAM, first, A_ROW, at, compressSegment(bytes));
      }
    })();
    if ((from - 1) % (MESSAGES / 4) === 0) say(`${from - 1} messages`);
  }
  const seen = (text: string): string => JSON.stringify({ ...JSON.parse(text), [STREAM]: MESSAGES });
  for (const { rowid, cut } of db.prepare('select rowid, cut from turn').all() as { rowid: number; cut: string }[]) {
    db.prepare('update turn set cut = ? where rowid = ?').run(seen(cut), rowid);
  }
  db.prepare("delete from household_state where household_id = 'consumer:compaction'").run();
  db.prepare(
    "insert into household_state (household_id, processor, turn, state) values ('consumer:compaction', 'consumer:compaction', 0, ?)",
  ).run(JSON.stringify({ [STREAM]: MESSAGES }));
  db.pragma('wal_checkpoint(truncate)');
  db.close();
}

type Measured = { readonly load: LoadResult; readonly acceptingMs: number };

/** Starts, takes messages at the everyday rate, and stops. */
async function everyday(
  dataDir: string,
  hubs: Awaited<ReturnType<typeof registerHubs>>,
  seconds: number,
): Promise<Measured> {
  const system = await startSystem({ dataDir });
  const load = await runLoad({ host: '127.0.0.1', port: system.mqttPort, hubs, rate: RATE, seconds });
  await system.stop();
  return { load, acceptingMs: system.acceptingMs };
}

/** What a long journal costs those who come after it. */
export const journal: Bench = {
  name: 'journal',
  measures: `a start and ${RATE} messages/s over an empty journal, and over one of ${MESSAGES.toLocaleString('en')} messages`,
  bar: `accepting MQTT in under ${START_MS / 1_000} s, PUBACK at most ${SLOWER} × as long (p50)`,
  seconds: 20,
  unavailable: () => null,
  async run({ seconds, say }) {
    const folder = temporaryFolder();
    const file = join(folder.path, 'shouwang.db');
    const first = await startSystem({ dataDir: folder.path });
    const owner = await logIn(first.httpUrl, first.ownerLink ?? '');
    const hubs = await registerHubs(owner, HUBS);
    await first.stop();
    const before = await everyday(folder.path, hubs, seconds);
    fill(file, say);
    const gb = statSync(file).size / 1e9;
    const after = await everyday(folder.path, hubs, seconds);
    folder.remove();
    const ratio = rounded(after.load.p50_ms / before.load.p50_ms, 2);
    return {
      figures: {
        'journal GB': rounded(gb, 2),
        'start to accepting ms, empty': Math.round(before.acceptingMs),
        'start to accepting ms, long': Math.round(after.acceptingMs),
        'PUBACK p50 ms, empty': rounded(before.load.p50_ms, 2),
        'PUBACK p50 ms, long': rounded(after.load.p50_ms, 2),
        'PUBACK p99 ms, empty': rounded(before.load.p99_ms),
        'PUBACK p99 ms, long': rounded(after.load.p99_ms),
      },
      missed: [
        ...[before, after].flatMap(({ load }) => loadMissed(load, RATE)),
        ...brokenOf(
          [after.acceptingMs <= START_MS, `accepting after ${Math.round(after.acceptingMs)} ms`],
          [ratio <= SLOWER, `a PUBACK takes ${ratio} times as long`],
        ),
      ],
    };
  },
};
