import type { Store } from '../store/commands.ts';
import { isIn, type Partition } from '../store/partition.ts';
import { wantedEntries } from '../store/segment.ts';
import type { Entry } from './town.ts';

type Cut = Readonly<Record<string, number>>;

const WHOLE: Partition = { number: 0, of: 1 };
type Journal = Pick<Store, 'segmentsAfter'>;

/** What is read of the journal at a time: about this many bytes, in a number of segments that is found out as it goes. */
const PAGE_BYTES = 4 * 1_024 * 1_024;
const MOST_SEGMENTS = 256;
/** What a batch holds at most: after a power cut a thousand hubs say again all that they know of their devices, a quarter of a megabyte each. */
const BATCH_BYTES = 32 * 1_024 * 1_024;

/** One stream from a number on up to another, in order, a page in memory at a time: what concerns a partition. */
type Cursor = { readonly stream: string; readonly next: () => Promise<Entry | null> };

function cursor(journal: Journal, stream: string, after: number, upTo: number, of: Partition): Cursor {
  const isOurs = (slot: number): boolean => isIn(of, slot);
  let entries: Iterator<Entry, null> | null = null;
  let number = after;
  let segments = 4;

  async function* pages(): AsyncGenerator<Entry[]> {
    while (number < upTo) {
      const page = await journal.segmentsAfter({ stream, after: number, limit: segments });
      if (page.length === 0) throw new Error(`the journal ends at ${number} of stream ${stream}, before ${upTo}`);
      const bytes = page.reduce((sum, segment) => sum + segment.bytes.length, 0);
      segments = Math.min(MOST_SEGMENTS, Math.max(1, Math.floor((segments * PAGE_BYTES) / Math.max(1, bytes))));
      for (const segment of page) {
        let at = segment.first;
        const found: Entry[] = [];
        for (const entry of wantedEntries(segment.bytes, isOurs)) {
          if (entry && at > number && at <= upTo) found.push({ entry, position: { stream, number: at } });
          at++;
        }
        number = Math.min(upTo, Math.max(number, at - 1));
        yield found;
      }
    }
  }

  function* each(page: Entry[]): Generator<Entry, null> {
    yield* page;
    return null;
  }

  const all = pages();
  return {
    stream,
    async next() {
      for (;;) {
        const entry = entries?.next();
        if (entry && !entry.done) return entry.value;
        const page = await all.next();
        if (page.done) return null;
        entries = each(page.value);
      }
    },
  };
}

const earlier = (a: Entry, b: Entry): boolean =>
  a.entry.receivedAt < b.entry.receivedAt ||
  (a.entry.receivedAt === b.entry.receivedAt && a.position.stream < b.position.stream);

/**
 * Several streams as one, each from where `from` stands up to `to`: by the time of arrival, each stream in its own order. Taking less
 * than all of it gives the same beginning.
 */
export async function* entriesBetween(journal: Journal, from: Cut, to: Cut, of = WHOLE): AsyncGenerator<Entry> {
  const cursors = Object.keys(to)
    .sort()
    .map((stream) => cursor(journal, stream, from[stream] ?? 0, to[stream] ?? 0, of));
  const heads = new Map<Cursor, Entry>();
  for (const it of cursors) {
    const head = await it.next();
    if (head) heads.set(it, head);
  }
  while (heads.size > 0) {
    let first: [Cursor, Entry] | null = null;
    for (const head of heads) if (!first || earlier(head[1], first[1])) first = head;
    if (!first) return;
    yield first[1];
    const next = await first[0].next();
    if (next) heads.set(first[0], next);
    else heads.delete(first[0]);
  }
}

export type Batch = {
  readonly entries: readonly Entry[];
  /** How far every stream has been read with this batch. */
  readonly cut: Cut;
  /** All is read that was there when it was looked for. */
  readonly caughtUp: boolean;
};

/** Reads on from a cut, in batches; a long backlog goes in many. A batch that fails is read again. */
export function journalReader(journal: Pick<Store, 'segmentsAfter' | 'streamHeads'>, from: Cut, of = WHOLE) {
  let cut: Cut = from;
  let heads: Cut = {};
  let reading: AsyncGenerator<Entry> | null = null;

  async function read(limit: number): Promise<Batch> {
    if (!reading) {
      heads = await journal.streamHeads(null);
      reading = entriesBetween(journal, cut, heads, of);
    }
    const entries: Entry[] = [];
    const reached: Record<string, number> = { ...cut };
    let bytes = 0;
    while (entries.length < limit && bytes < BATCH_BYTES) {
      const { value, done } = await reading.next();
      if (done) {
        reading = null;
        // Also past what concerns others.
        for (const stream in heads) reached[stream] = Math.max(reached[stream] ?? 0, heads[stream] ?? 0);
        return { entries, cut: reached, caughtUp: true };
      }
      entries.push(value);
      if (value.entry.kind === 'packet') bytes += value.entry.payload.length;
      reached[value.position.stream] = value.position.number;
    }
    return { entries, cut: reached, caughtUp: false };
  }

  return async (limit: number): Promise<Batch> => {
    try {
      const batch = await read(limit);
      cut = batch.cut;
      return batch;
    } catch (error) {
      reading = null;
      throw error;
    }
  };
}
