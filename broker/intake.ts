import type { Finding } from '../domain/finding.ts';
import type { LinkChange, Packet, Position } from '../domain/packet.ts';
import type { Catalogue } from '../domain/reading.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Nudge } from '../runtime/nudge.ts';
import type { Store } from '../store/commands.ts';
import type { AdmittedHub } from '../store/hub.ts';
import type { AlarmState, SegmentCommit } from '../store/journal.ts';
import { segmentWriter } from '../store/segment.ts';
import { unreadableTally } from './unreadable.ts';

/** What tells a hub, on its down-link, that its emergency is safely an open alert. */
export type Acknowledge = { readonly topic: string; readonly payload: string };

/** What a packet means for the commit that keeps it. */
export type Judgement = {
  readonly findings: readonly Finding[];
  readonly alarmStates: readonly AlarmState[];
  readonly catalogue: Catalogue | null;
  readonly unreadable: { readonly reason: string } | null;
  readonly acknowledge: Acknowledge | null;
};

/** Decodes and decides at once; handed in, since decoding is not the broker's matter. */
export type Judge = (packet: Packet, position: Position, hub: AdmittedHub) => Judgement;

export type Accepted = { readonly acknowledge: Acknowledge | null };

export type Intake = {
  /** Resolves when the packet and all that follows from it are on disk; in the order of the calls. */
  readonly accept: (
    packet: Pick<Packet, 'topic' | 'payload' | 'qos' | 'retain'>,
    hub: AdmittedHub,
  ) => Promise<Accepted>;
  readonly link: (change: Pick<LinkChange, 'kind' | 'hubId' | 'epoch'>) => void;
  /** More waits than memory should hold: who reads from hubs stops reading until a commit returns. */
  readonly full: () => boolean;
  /** Waits until all that was accepted is on disk. */
  readonly stop: () => Promise<void>;
};

/** What one commit holds at most, so that none takes long; and what may wait for commits, so that memory stays bounded. */
const COMMIT_BYTES = 4 * 1_024 * 1_024;
const COMMIT_ENTRIES = 20_000;
const WAITING_BYTES = 64 * 1_024 * 1_024;

type Batch = {
  readonly commit: SegmentCommit;
  readonly waiting: readonly Waiting[];
  /** When its first entry came, monotonic. */
  readonly since: number;
};
type Waiting = { readonly resolve: (accepted: Accepted) => void; readonly accepted: Accepted };

const NOTHING_TO_SAY: Accepted = { acknowledge: null };
const NOTHING_MEANT: Judgement = {
  findings: [],
  alarmStates: [],
  catalogue: null,
  unreadable: { reason: 'judge_failed' },
  acknowledge: null,
};

function meters(metrics: Metrics) {
  return {
    commits: metrics.counter('shouwang_intake_commits_total', 'Group commits of the intake'),
    entries: metrics.counter('shouwang_intake_entries_total', 'Packets and link changes committed'),
    bytes: metrics.counter('shouwang_intake_bytes_total', 'Bytes committed, before compression'),
    unreadable: metrics.counter('shouwang_intake_unreadable_total', 'Packets that could not be read', ['reason']),
    seconds: metrics.seconds('shouwang_intake_commit_seconds', 'From the first entry of a commit until it is on disk'),
  };
}

export type IntakeOptions = {
  readonly store: Pick<Store, 'commitSegment' | 'streamHeads'>;
  readonly clock: Clock;
  readonly judge: Judge;
  readonly stream: string;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly nudge: Pick<Nudge, 'send'>;
  /** What is on disk is unknown after a failed commit: the process must end and start clean. */
  readonly fatal: (error: Error) => void;
};

/**
 * Group commit: what arrives while one commit is under way goes with the next, which starts as soon as it returns. There is no
 * delay to tune: alone, a packet is on disk after one fsync; under load the groups grow by themselves.
 */
export async function startIntake(options: IntakeOptions): Promise<Intake> {
  const { store, clock, judge, stream, log, nudge, fatal } = options;
  const heads = await store.streamHeads(null);
  const meter = meters(options.metrics);
  const writer = segmentWriter();
  const unreadable = unreadableTally();

  let first = (heads[stream] ?? 0) + 1;
  let since = 0;
  let findings: Finding[] = [];
  let alarmStates: AlarmState[] = [];
  let catalogues = new Map<string, Catalogue>();
  let waiting: Waiting[] = [];

  /** Full batches before the one that gathers. */
  const closed: Batch[] = [];
  /** Of closed batches and the one under way. */
  let waitingBytes = 0;
  let committing = false;
  let ended = false;
  let idle = (): void => {};

  function close(): Batch {
    const commit: SegmentCommit = {
      stream,
      first,
      count: writer.count(),
      at: clock.now(),
      bytes: writer.take(),
      findings,
      alarmStates,
      catalogues: [...catalogues].map(([hubId, catalogue]) => ({ hubId, catalogue })),
      unreadable: unreadable.take(),
    };
    const batch = { commit, waiting, since };
    first += commit.count;
    waitingBytes += commit.bytes.length;
    findings = [];
    alarmStates = [];
    catalogues = new Map();
    waiting = [];
    return batch;
  }

  /** Before an entry is added: where it will stand. Entries of one turn of the loop share a commit. */
  function room(): number {
    if (writer.count() >= COMMIT_ENTRIES || writer.bytes() >= COMMIT_BYTES) closed.push(close());
    if (writer.count() === 0) since = clock.monotonic();
    if (!committing) {
      committing = true;
      setImmediate(commitNext);
    }
    return first + writer.count();
  }

  function commitNext(): void {
    const batch = closed.shift() ?? (writer.count() > 0 ? close() : null);
    if (!batch) {
      committing = false;
      idle();
      return;
    }
    const bytes = batch.commit.bytes.length;
    store.commitSegment(batch.commit).then(
      () => {
        waitingBytes -= bytes;
        // The disk works on the next group while this one is answered.
        commitNext();
        answer(batch, bytes);
      },
      (cause: unknown) => {
        ended = true;
        log.fatal({ err: cause }, 'a group commit failed; nothing is acknowledged any more');
        fatal(new Error('A group commit failed: what is on disk is unknown until a clean start', { cause }));
      },
    );
  }

  function answer({ commit, waiting, since }: Batch, bytes: number): void {
    for (const { resolve, accepted } of waiting) resolve(accepted);
    nudge.send('journal');
    if (commit.findings.length > 0) {
      nudge.send('alerts');
      nudge.send('notices');
    }
    meter.commits.inc();
    meter.entries.inc(commit.count);
    meter.bytes.inc(bytes);
    meter.seconds.observe((clock.monotonic() - since) / 1_000);
  }

  function judged(packet: Packet, number: number, hub: AdmittedHub): Judgement {
    try {
      return judge(packet, { stream, number }, hub);
    } catch (err) {
      log.error({ err, hubId: hub.hubId, number }, 'a packet could not be judged; it is kept in the journal');
      return NOTHING_MEANT;
    }
  }

  function note(packet: Packet, meaning: Judgement, hub: AdmittedHub): void {
    if (meaning.findings.length > 0) findings.push(...meaning.findings);
    if (meaning.alarmStates.length > 0) alarmStates.push(...meaning.alarmStates);
    if (meaning.unreadable) {
      const { reason } = meaning.unreadable;
      unreadable.count(hub.hubId, packet.topic, reason, packet.payload, packet.receivedAt);
      meter.unreadable.inc({ reason });
    }
    if (meaning.catalogue) {
      catalogues.set(hub.hubId, meaning.catalogue);
      // The next packet of this hub may come before the commit, and is to be read by what it has just said of its devices.
      (hub as { catalogue: Catalogue | null }).catalogue = meaning.catalogue;
    }
  }

  return {
    accept({ topic, payload, qos, retain }, hub) {
      if (ended) return Promise.reject(new Error('The intake has ended; nothing more is acknowledged'));
      const number = room();
      const receivedAt = clock.now();
      const monotonicAt = clock.monotonic();
      const packet: Packet = { kind: 'packet', hubId: hub.hubId, topic, payload, qos, retain, receivedAt, monotonicAt };
      const meaning = judged(packet, number, hub);
      writer.add(packet);
      note(packet, meaning, hub);
      const { acknowledge } = meaning;
      const accepted = acknowledge ? { acknowledge } : NOTHING_TO_SAY;
      return new Promise((resolve) => waiting.push({ resolve, accepted }));
    },
    link({ kind, hubId, epoch }) {
      if (ended) return;
      room();
      writer.add({ kind, hubId, epoch, receivedAt: clock.now(), monotonicAt: clock.monotonic() });
    },
    full: () => waitingBytes + writer.bytes() > WAITING_BYTES,
    async stop() {
      if (committing && !ended) await new Promise<void>((resolve) => (idle = resolve));
      ended = true;
    },
  };
}
