import type { SegmentCommit } from '../store/journal.ts';
import type { Batch, Gathering } from './gathering.ts';
import type { Kept } from './quarantine.ts';

/** What one commit holds at most, so that none takes long: an emergency waits for the one under way. */
const COMMIT_BYTES = 1_024 * 1_024;
const COMMIT_ENTRIES = 5_000;
/** What may wait for commits, so that memory stays bounded. */
const WAITING_BYTES = 64 * 1_024 * 1_024;

export type GroupCommit = {
  /** To be called before an entry is added to what gathers. */
  readonly room: () => void;
  readonly full: () => boolean;
  /** Waits until all that was added is on disk; nothing may be added after. */
  readonly end: () => Promise<void>;
};

export type Committing = {
  readonly commit: (commit: SegmentCommit) => Promise<Kept>;
  readonly committed: (batch: Batch, kept: Kept) => void;
  readonly failed: (cause: unknown) => void;
};

/**
 * What arrives while one commit is under way goes with the next, which starts as soon as it returns. There is no delay to tune:
 * alone, a packet is on disk after one fsync; under load the groups grow by themselves.
 */
export function groupCommit(
  gathering: Pick<Gathering, 'count' | 'bytes' | 'close'>,
  { commit, committed, failed }: Committing,
): GroupCommit {
  /** Full batches before the one that gathers. */
  const closed: Batch[] = [];
  /** Of closed batches and the one under way. */
  let waitingBytes = 0;
  let committing = false;
  let ended = false;
  let idle = (): void => {};

  function close(): Batch {
    const batch = gathering.close();
    waitingBytes += batch.commit.bytes.length;
    return batch;
  }

  function commitNext(): void {
    const batch = closed.shift() ?? (gathering.count() > 0 ? close() : null);
    if (!batch) {
      committing = false;
      idle();
      return;
    }
    commit(batch.commit).then(
      (kept) => {
        waitingBytes -= batch.commit.bytes.length;
        // The disk works on the next group while this one is answered.
        commitNext();
        committed(batch, kept);
      },
      (cause: unknown) => {
        ended = true;
        failed(cause);
      },
    );
  }

  return {
    room() {
      if (gathering.count() >= COMMIT_ENTRIES || gathering.bytes() >= COMMIT_BYTES) closed.push(close());
      if (committing) return;
      committing = true;
      // Entries of one turn of the loop share a commit.
      setImmediate(commitNext);
    },
    full: () => waitingBytes + gathering.bytes() > WAITING_BYTES,
    async end() {
      if (committing && !ended) await new Promise<void>((resolve) => (idle = resolve));
      ended = true;
    },
  };
}
