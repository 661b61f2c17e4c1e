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
import type { Batch } from './gathering.ts';
import type { Committing } from './group-commit.ts';
import type { Accepted, Judge, Judgement } from './judgement.ts';
import { type Lane, openLane } from './lane.ts';
import { type KeepingOptions, type Kept, keeping } from './quarantine.ts';

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
const NOT_JUDGED: Judgement = {
  findings: [],
  alarmStates: [],
  catalogue: null,
  unreadable: { reason: 'judge_failed' },
  acknowledge: null,
  critical: true,
};

function meters(metrics: Metrics) {
  return {
    commits: metrics.counter('shouwang_intake_commits_total', 'Group commits of the intake'),
    entries: metrics.counter('shouwang_intake_entries_total', 'Packets, link changes and beats committed'),
    bytes: metrics.counter('shouwang_intake_bytes_total', 'Bytes committed, before compression'),
    seconds: metrics.seconds('shouwang_intake_commit_seconds', 'From the first entry of a commit until it is on disk'),
  };
}

const describe = (hub: AdmittedHub, catalogue: Catalogue): void => {
  (hub as { catalogue: Catalogue | null }).catalogue = catalogue;
};

/** What MQTT and a segment hold of a topic, in bytes. */
const LONGEST_TOPIC = 65_535;

/**
 * MQTT forbids NUL and broken UTF-8 in a topic [MQTT-1.5.3-1, -2] and aedes lets both pass. PostgreSQL would refuse the whole commit for
 * a NUL; and what stands for either takes three bytes instead of one, with which a topic may outgrow what a segment can hold.
 */
function storable(topic: string): string {
  const text = topic.includes('\0') ? topic.replaceAll('\0', '\ufffd') : topic;
  return Buffer.byteLength(text) > LONGEST_TOPIC ? text.replaceAll('\ufffd', '?') : text;
}

/**
 * Both times of an entry from one reading of the clock: an intake that stood still between two would look like one that was started anew,
 * of which nobody knows any more which hubs are connected. When it begins, the largest difference of some is the one without a pause.
 */
function timesBy(clock: Clock): () => Pick<Packet, 'receivedAt' | 'monotonicAt'> {
  const origin = Math.max(...Array.from({ length: 5 }, () => clock.now() - clock.monotonic()));
  return () => {
    const monotonicAt = clock.monotonic();
    return { receivedAt: Math.round(origin + monotonicAt), monotonicAt };
  };
}

/** A judge that stumbles over one packet must not stop the others: the packet is kept, answered and counted. */
function judged({ judge, log }: IntakeOptions, packet: Packet, position: Position, hub: AdmittedHub): Judgement {
  try {
    return judge(packet, position, hub);
  } catch (err) {
    log.error({ err, hubId: hub.hubId }, 'a packet could not be judged; it is kept in the journal');
    return NOT_JUDGED;
  }
}

/** What is done when a commit is on disk: claims are true, hubs are answered, who waits for alerts and notices is nudged. */
function afterCommit({ metrics, clock, nudge, learn }: IntakeOptions): (batch: Batch, kept: Kept) => void {
  const meter = meters(metrics);
  return ({ commit, waiting, claiming, since }, kept) => {
    for (const { hubId, epoch, moved } of kept) {
      const claim = claiming.get(hubId);
      if (!claim) continue;
      if (moved) learn(moved.alarmStates);
      if (moved?.catalogue) describe(claim.hub, moved.catalogue);
      for (const resolve of claim.resolvers) resolve(epoch);
    }
    if (kept.some(({ moved }) => moved)) nudge.send('links');
    for (const { resolve, accepted } of waiting) resolve(accepted);
    if (commit.findings.length > 0) {
      nudge.send('alerts');
      nudge.send('notices');
    }
    meter.commits.inc();
    meter.entries.inc(commit.count);
    meter.bytes.inc(commit.bytes.length);
    meter.seconds.observe((clock.monotonic() - since) / 1_000);
  };
}

/** Of the two streams of an intake, the one for what is about a life. */
export const criticalStream = (stream: string): string => `${stream} critical`;

/**
 * Takes packets in, keeps them, and only then lets them be acknowledged. What is about a life goes by a lane of its own, so that it waits
 * for none of the others: in their order all of it, also what raises nothing, since an alarm's "yes" and "no" must not overtake each other.
 */
export async function startIntake(options: IntakeOptions): Promise<Intake> {
  const { store, clock, stream, log } = options;
  const times = timesBy(clock);
  const heads = await store.streamHeads(null);
  const unreadable = options.metrics.counter('shouwang_intake_unreadable_total', 'Packets that could not be read', [
    'reason',
  ]);
  let ended = false;
  const committing: Committing = {
    commit: keeping(options),
    committed: afterCommit(options),
    failed(cause) {
      ended = true;
      log.fatal({ err: cause }, 'a group commit failed; nothing is acknowledged any more');
      options.fatal(new Error('A group commit failed: what is on disk is unknown until a clean start', { cause }));
    },
  };
  const open = (name: string): Lane => openLane(name, (heads[name] ?? 0) + 1, clock, committing);
  const ordinary = open(stream);
  const critical = open(criticalStream(stream));
  const lanes = [ordinary, critical];

  // The first entry of every start, in either stream: whoever reads one of them knows by it who can hear.
  const beating = repeat(log, 'beat of the intake', BEAT_MS, async () => {
    if (!ended) for (const lane of lanes) lane.add({ kind: 'beat', ...times() });
  });

  return {
    accept({ topic: written, payload, qos, retain }, hub) {
      if (ended) return Promise.reject(new Error(ENDED));
      const topic = storable(written);
      const packet: Packet = { kind: 'packet', hubId: hub.hubId, topic, payload, qos, retain, ...times() };
      // Only what is critical is called by its place, so that is where it is judged.
      const meaning = judged(options, packet, { stream: criticalStream(stream), number: critical.next() }, hub);
      const lane = meaning.critical ? critical : ordinary;
      lane.add(packet, hub.slot);
      lane.note(packet, meaning, hub);
      if (meaning.unreadable) unreadable.inc({ reason: meaning.unreadable.reason });
      // The next packet of this hub may come before the commit, and is to be read by what it has just said of its devices.
      if (meaning.catalogue) describe(hub, meaning.catalogue);
      return lane.wait(meaning.acknowledge ? { acknowledge: meaning.acknowledge } : NOTHING_TO_SAY);
    },
    claim(epoch, hub) {
      if (ended) return Promise.reject(new Error(ENDED));
      ordinary.add({ kind: 'up', hubId: hub.hubId, epoch, ...times() }, hub.slot);
      return ordinary.claim(hub, epoch);
    },
    link(change, { hubId, slot }) {
      if (!ended) ordinary.add({ ...change, hubId, ...times() }, slot);
    },
    full: () => lanes.some((lane) => lane.full()),
    async stop() {
      await beating.stop();
      // What was lost is waited for in vain.
      if (!ended) await Promise.all(lanes.map((lane) => lane.end()));
      ended = true;
    },
  };
}
