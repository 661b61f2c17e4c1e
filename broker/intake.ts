import type { Finding } from '../domain/finding.ts';
import type { LinkChange, Packet, Position } from '../domain/packet.ts';
import type { Catalogue } from '../domain/reading.ts';
import { seconds } from '../domain/time.ts';
import type { Clock } from '../runtime/clock.ts';
import { repeat } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Nudge } from '../runtime/nudge.ts';
import type { AlarmState } from '../store/alarm-state.ts';
import type { Store } from '../store/commands.ts';
import type { AdmittedHub } from '../store/hub.ts';
import { type Batch, gathering } from './gathering.ts';
import { groupCommit } from './group-commit.ts';
import { type KeepingOptions, type Kept, keeping } from './quarantine.ts';

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
  /**
   * A hub has connected here: journalled, and from that commit on it is this front end's. Resolves then, with the connection's epoch as it
   * turned out; what the hub says is to be accepted after that, or it would be judged by what was known when it was here last.
   */
  readonly claim: (epoch: number, hub: AdmittedHub) => Promise<number>;
  readonly link: (change: Pick<LinkChange, 'kind' | 'epoch' | 'silentMs'>, hub: AdmittedHub) => void;
  /** More waits than memory should hold: who reads from hubs stops reading until a commit returns. */
  readonly full: () => boolean;
  /** Waits until all that was accepted is on disk. */
  readonly stop: () => Promise<void>;
};

export type IntakeOptions = Pick<KeepingOptions, 'inPlainWords'> & {
  readonly store: KeepingOptions['store'] & Pick<Store, 'streamHeads'>;
  readonly clock: Clock;
  readonly judge: Judge;
  /** Replaces what the judge remembers of alarms. */
  readonly learn: (known: readonly AlarmState[]) => void;
  /** Also the name of this front end. */
  readonly stream: string;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly nudge: Pick<Nudge, 'send'>;
  /** What is on disk is unknown, or an emergency can be kept in no way: the process must end and start clean. */
  readonly fatal: (error: Error) => void;
};

/** Whoever reads the journal knows by a stream that is silent for longer that its intake is gone, whatever hubs do. */
const BEAT_MS = seconds(10);

const ENDED = 'The intake has ended; nothing more is acknowledged';
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
    entries: metrics.counter('shouwang_intake_entries_total', 'Packets, link changes and beats committed'),
    bytes: metrics.counter('shouwang_intake_bytes_total', 'Bytes committed, before compression'),
    unreadable: metrics.counter('shouwang_intake_unreadable_total', 'Packets that could not be read', ['reason']),
    seconds: metrics.seconds('shouwang_intake_commit_seconds', 'From the first entry of a commit until it is on disk'),
  };
}

const describe = (hub: AdmittedHub, catalogue: Catalogue): void => {
  (hub as { catalogue: Catalogue | null }).catalogue = catalogue;
};

const times = (clock: Clock) => ({ receivedAt: clock.now(), monotonicAt: clock.monotonic() });

/** A judge that stumbles over one packet must not stop the others: the packet is kept, answered and counted. */
function judged({ judge, stream, log }: IntakeOptions, packet: Packet, number: number, hub: AdmittedHub): Judgement {
  try {
    return judge(packet, { stream, number }, hub);
  } catch (err) {
    log.error({ err, hubId: hub.hubId, number }, 'a packet could not be judged; it is kept in the journal');
    return NOTHING_MEANT;
  }
}

/** Takes packets in, keeps them, and only then lets them be acknowledged. */
export async function startIntake(options: IntakeOptions): Promise<Intake> {
  const { store, clock, stream, log, nudge } = options;
  const heads = await store.streamHeads(null);
  const meter = meters(options.metrics);
  const gathered = gathering(stream, (heads[stream] ?? 0) + 1, clock);

  function committed({ commit, waiting, claiming, since }: Batch, kept: Kept): void {
    for (const { hubId, epoch, moved } of kept) {
      const claim = claiming.get(hubId);
      if (!claim) continue;
      if (moved) options.learn(moved.alarmStates);
      if (moved?.catalogue) describe(claim.hub, moved.catalogue);
      for (const resolve of claim.resolvers) resolve(epoch);
    }
    if (kept.some(({ moved }) => moved)) nudge.send('links');
    for (const { resolve, accepted } of waiting) resolve(accepted);
    nudge.send('journal');
    if (commit.findings.length > 0) {
      nudge.send('alerts');
      nudge.send('notices');
    }
    meter.commits.inc();
    meter.entries.inc(commit.count);
    meter.bytes.inc(commit.bytes.length);
    meter.seconds.observe((clock.monotonic() - since) / 1_000);
  }

  const group = groupCommit(gathered, keeping(options), {
    committed,
    failed(cause) {
      log.fatal({ err: cause }, 'a group commit failed; nothing is acknowledged any more');
      options.fatal(new Error('A group commit failed: what is on disk is unknown until a clean start', { cause }));
    },
  });

  // The first entry of every start.
  const beating = repeat(log, 'beat of the intake', BEAT_MS, async () => {
    if (group.ended()) return;
    group.room();
    gathered.add({ kind: 'beat', ...times(clock) });
  });

  return {
    accept({ topic: written, payload, qos, retain }, hub) {
      if (group.ended()) return Promise.reject(new Error(ENDED));
      // MQTT forbids NUL in a topic [MQTT-1.5.3-2] and aedes lets it pass; PostgreSQL would refuse the whole commit for it.
      const topic = written.includes('\0') ? written.replaceAll('\0', '\ufffd') : written;
      group.room();
      const packet: Packet = { kind: 'packet', hubId: hub.hubId, topic, payload, qos, retain, ...times(clock) };
      const meaning = judged(options, packet, gathered.next(), hub);
      gathered.add(packet, hub.slot);
      gathered.note(packet, meaning, hub);
      if (meaning.unreadable) meter.unreadable.inc({ reason: meaning.unreadable.reason });
      // The next packet of this hub may come before the commit, and is to be read by what it has just said of its devices.
      if (meaning.catalogue) describe(hub, meaning.catalogue);
      return gathered.wait(meaning.acknowledge ? { acknowledge: meaning.acknowledge } : NOTHING_TO_SAY);
    },
    claim(epoch, hub) {
      if (group.ended()) return Promise.reject(new Error(ENDED));
      group.room();
      gathered.add({ kind: 'up', hubId: hub.hubId, epoch, ...times(clock) }, hub.slot);
      return gathered.claim(hub, epoch);
    },
    link(change, { hubId, slot }) {
      if (group.ended()) return;
      group.room();
      gathered.add({ ...change, hubId, ...times(clock) }, slot);
    },
    full: group.full,
    async stop() {
      await beating.stop();
      await group.end();
    },
  };
}
