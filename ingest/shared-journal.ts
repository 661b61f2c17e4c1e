import type { Store } from '../store/commands.ts';

type Journal = Pick<Store, 'segmentsAfter' | 'streamHeads'>;
type Segment = Awaited<ReturnType<Journal['segmentsAfter']>>[number];

/** What one stream keeps for the readers that come behind the first. */
const KEPT_BYTES = 16 * 1_024 * 1_024;

const endOf = ({ first, count }: Segment): number => first + count - 1;

/** The latest segments of one stream that somebody has read, without a gap. */
function readLately(journal: Journal, stream: string) {
  let kept: Segment[] = [];
  let bytes = 0;
  let fetching: Promise<unknown> = Promise.resolve();

  const from = (number: number): number =>
    kept.findIndex((segment) => segment.first <= number && endOf(segment) >= number);

  function keep(page: readonly Segment[]): void {
    const last = kept.at(-1);
    if (!last || page[0]?.first !== endOf(last) + 1) {
      kept = [];
      bytes = 0;
    }
    for (const segment of page) {
      kept.push(segment);
      bytes += segment.bytes.length;
    }
    while (bytes > KEPT_BYTES && kept.length > 1) bytes -= kept.shift()?.bytes.length ?? 0;
  }

  async function read(after: number, limit: number): Promise<readonly Segment[]> {
    const index = from(after + 1);
    if (index >= 0) return kept.slice(index, index + limit);
    const page = await journal.segmentsAfter({ stream, after, limit });
    if (page.length > 0) keep(page);
    return page;
  }

  /** One after the other, so that whoever asks for nearly the same finds it. */
  return (after: number, limit: number): Promise<readonly Segment[]> => {
    const result = fetching.then(() => read(after, limit));
    fetching = result.catch(() => {});
    return result;
  };
}

/** The journal for several processors in one thread: what one has read and expanded, the others find in memory. */
export function sharedJournal(journal: Journal): Journal {
  const streams = new Map<string, ReturnType<typeof readLately>>();
  let heads: ReturnType<Journal['streamHeads']> | null = null;
  return {
    async segmentsAfter({ stream, after, limit }) {
      let read = streams.get(stream);
      if (!read) {
        read = readLately(journal, stream);
        streams.set(stream, read);
      }
      return [...(await read(after, limit))];
    },
    streamHeads() {
      heads ??= journal.streamHeads(null).finally(() => {
        heads = null;
      });
      return heads;
    },
  };
}
