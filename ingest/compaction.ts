import { minutes } from '../domain/time.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Store } from '../store/commands.ts';
import type { SegmentSize, StoredSegment } from '../store/compaction.ts';
import { compressSegment, expandSegment } from '../store/segment.ts';

const CONSUMER = 'compaction';

/** What one row is to hold: enough to be compressed well, little enough that its writing delays no emergency. */
const ENTRIES = 1_000;
const BYTES = 128 * 1_024;
/** What a hub repeats is next to nothing on disk, and who reads a row has all of it in memory. */
const EXPANDED_BYTES = 1_024 * 1_024;
/** Rows that are taken away in one transaction at most. */
const ROWS = 400;
/** Younger ones are still being read. */
const REST_MS = minutes(5);

type Memory = Pick<Store, 'streamHeads' | 'segmentSizes' | 'storedSegments' | 'replaceSegments' | 'cutOf' | 'keepCut'>;

/** As many of several neighbouring segments as memory should hold as one. Its time is that of the last: it is kept as long as any of it would have been. */
function joined(segments: readonly StoredSegment[]): { readonly segment: StoredSegment; readonly rows: number } {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (const { packets } of segments) {
    const part = expandSegment(packets);
    bytes += part.length;
    if (bytes > EXPANDED_BYTES && parts.length > 0) break;
    parts.push(part);
  }
  const taken = segments.slice(0, parts.length);
  return {
    segment: {
      first: taken[0]?.first ?? 0,
      count: taken.reduce((sum, { count }) => sum + count, 0),
      at: taken.at(-1)?.at ?? 0,
      packets: compressSegment(Buffer.concat(parts)),
    },
    rows: taken.length,
  };
}

/** How many of the next segments go into one row: as many as it is to hold, and at least one. */
function fitting(sizes: readonly SegmentSize[]): number {
  let entries = 0;
  let bytes = 0;
  const tooMuch = sizes.findIndex((size) => {
    entries += size.count;
    bytes += size.bytes;
    return entries > ENTRIES || bytes > BYTES;
  });
  return tooMuch === -1 ? sizes.length : Math.max(1, tooMuch);
}

/** Goes along each stream behind its intake and joins small segments; one row a stream and call. True when there is more to do. */
export function compaction({ store, clock }: { store: Memory; clock: Clock }): () => Promise<boolean> {
  let cut: Record<string, number> | null = null;

  async function next(stream: string, done: number): Promise<number | null> {
    const sizes = await store.segmentSizes({ stream, from: done + 1, before: clock.now() - REST_MS, limit: ROWS });
    const rows = fitting(sizes);
    const last = sizes[rows - 1];
    // What is not full yet may still grow.
    if (!last || (rows === sizes.length && sizes.length < ROWS)) return null;
    if (rows === 1) return last.first + last.count - 1;
    const whole = joined(await store.storedSegments({ stream, first: done + 1, last: last.first }));
    if (whole.rows > 1) await store.replaceSegments({ stream, ...whole });
    return whole.segment.first + whole.segment.count - 1;
  }

  return async () => {
    cut ??= { ...(await store.cutOf({ consumer: CONSUMER })) };
    let more = false;
    for (const stream of Object.keys(await store.streamHeads(null))) {
      const end = await next(stream, cut[stream] ?? 0);
      if (end === null) continue;
      cut[stream] = end;
      more = true;
    }
    if (more) await store.keepCut({ consumer: CONSUMER, cut });
    return more;
  };
}
