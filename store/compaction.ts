import { read, write } from './command.ts';
import type { Tables } from './schema.ts';

/** A segment as it is stored: its packets compressed (store/segment.ts). */
export type StoredSegment = Omit<Tables['segment'], 'stream'>;

export type SegmentSize = Omit<StoredSegment, 'packets'> & { readonly bytes: number };

/** Few packets a commit means many small rows, in which little can be compressed: neighbours become one row by and by. */
export const compactionCommands = {
  /** The sizes of a stream's segments from a number on that were committed before a time, in order. */
  segmentSizes: read(
    async (
      db,
      { stream, from, before, limit }: { stream: string; from: number; before: number; limit: number },
    ): Promise<SegmentSize[]> => {
      const rows = await db
        .selectFrom('segment')
        .select((e) => ['first', 'count', 'at', e.fn<number>('length', ['packets']).as('bytes')])
        .where('stream', '=', stream)
        .where('first', '>=', from)
        .orderBy('first')
        .limit(limit)
        .execute();
      const young = rows.findIndex((row) => row.at >= before);
      return young === -1 ? rows : rows.slice(0, young);
    },
  ),

  /** Segments of a stream as they are stored, by the numbers of the first and last of them. */
  storedSegments: read(
    (db, { stream, first, last }: { stream: string; first: number; last: number }): Promise<StoredSegment[]> =>
      db
        .selectFrom('segment')
        .select(['first', 'count', 'at', 'packets'])
        .where('stream', '=', stream)
        .where('first', '>=', first)
        .where('first', '<=', last)
        .orderBy('first')
        .execute(),
  ),

  /** Puts one segment in the place of so many that hold the same entries; false, and nothing is changed, when they are no longer there. */
  replaceSegments: write(
    async (
      db,
      { stream, segment, rows }: { stream: string; segment: StoredSegment; rows: number },
    ): Promise<boolean> => {
      const { first, count } = segment;
      const there = await db
        .selectFrom('segment')
        .select((e) => [e.fn.countAll<number>().as('rows'), e.fn.sum<number>('count').as('entries')])
        .where('stream', '=', stream)
        .where('first', '>=', first)
        .where('first', '<', first + count)
        .executeTakeFirstOrThrow();
      if (Number(there.rows) !== rows || Number(there.entries) !== count) return false;
      await db
        .deleteFrom('segment')
        .where('stream', '=', stream)
        .where('first', '>=', first)
        .where('first', '<', first + count)
        .execute();
      await db
        .insertInto('segment')
        .values({ stream, ...segment })
        .execute();
      return true;
    },
  ),
};
