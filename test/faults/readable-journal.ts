import { decode } from '../../ingest/decoders/registry.ts';
import { nameOf, readSnapshot, replay } from '../../ingest/replay.ts';
import { rules } from '../../ingest/rules/registry.ts';
import { openStoreToRead } from '../../store/open.ts';
import { segmentEntries } from '../../store/segment.ts';

const WHOLE = { number: 0, of: 1 };
const SEGMENTS = 200;

export type Readable = {
  readonly packets: number;
  /** Households whose state, replayed from the first turn, is not the one that was kept. */
  readonly different: readonly string[];
  readonly households: number;
};

/** Reads the journal of a system that has ended from one end to the other, and takes all its turns again. */
export async function readThrough(database: string): Promise<Readable> {
  const { store, close } = openStoreToRead(database);
  let packets = 0;
  for (const [stream, head] of Object.entries(await store.streamHeads(null))) {
    for (let after = 0; after < head; ) {
      const segments = await store.segmentsAfter({ stream, after, limit: SEGMENTS });
      if (segments.length === 0) throw new Error(`the journal ends at ${after} of ${head} of stream ${stream}`);
      for (const { first, count, bytes } of segments) {
        let entries = 0;
        for (const entry of segmentEntries(bytes)) {
          entries++;
          if (entry.kind === 'packet') packets++;
        }
        if (entries !== count) throw new Error(`a segment of ${count} entries holds ${entries}`);
        after = first + count - 1;
      }
    }
  }
  const { households } = await store.householdsSince({ revision: 0, limit: 10_000 });
  const { states } = await replay(store, WHOLE, { households, rules, decode }, null);
  const { documents } = await readSnapshot(store, nameOf(WHOLE));
  const kept = new Map(documents.map(({ householdId, state }) => [householdId, state]));
  await close();
  // Documents that are no household's have a colon in their name.
  const homes = new Set([...Object.keys(states), ...[...kept.keys()].filter((id) => !id.includes(':'))]);
  const different = [...homes].filter((id) => kept.get(id) !== states[id]);
  return { packets, different, households: homes.size };
}
