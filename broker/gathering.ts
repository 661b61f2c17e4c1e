import type { Finding } from '../domain/finding.ts';
import type { JournalEntry, Packet } from '../domain/packet.ts';
import type { Catalogue } from '../domain/reading.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AlarmState } from '../store/alarm-state.ts';
import type { AdmittedHub } from '../store/hub.ts';
import type { SegmentCommit } from '../store/journal.ts';
import { segmentWriter } from '../store/segment.ts';
import type { Accepted, Judgement } from './judgement.ts';
import { unreadableTally } from './unreadable.ts';

/** What goes to the disk together, and who waits for it. */
export type Batch = {
  readonly commit: SegmentCommit;
  readonly waiting: readonly Waiting[];
  /** Hubs that have connected, by their ids. */
  readonly claiming: ReadonlyMap<string, Claiming>;
  /** When its first entry came, monotonic. */
  readonly since: number;
};
/** The newest connection of a hub, and who waits to know whether it is on disk, older ones too. */
type Claiming = { readonly hub: AdmittedHub; epoch: number; readonly resolvers: ((epoch: number) => void)[] };
type Waiting = { readonly resolve: (accepted: Accepted) => void; readonly accepted: Accepted };

/** The batch that gathers while another is on its way. */
export type Gathering = {
  /** Where the next entry will stand in the stream. */
  readonly next: () => number;
  /** `slot` is that of the household whose entry it is; what is for everybody has none. */
  readonly add: (entry: JournalEntry, slot?: number) => void;
  /** What must be true together with a packet that was added. */
  readonly note: (packet: Packet, meaning: Judgement, hub: AdmittedHub) => void;
  readonly wait: (accepted: Accepted) => Promise<Accepted>;
  /** With the epoch that the hub's connection turned out to have, when it is on disk that it is this one. */
  readonly claim: (hub: AdmittedHub, epoch: number) => Promise<number>;
  readonly count: () => number;
  readonly bytes: () => number;
  readonly close: () => Batch;
};

export function gathering(stream: string, from: number, clock: Clock): Gathering {
  const writer = segmentWriter();
  const unreadable = unreadableTally();
  let first = from;
  let since = 0;
  let findings: Finding[] = [];
  let alarmStates: AlarmState[] = [];
  let catalogues = new Map<string, Catalogue>();
  let waiting: Waiting[] = [];
  let claiming = new Map<string, Claiming>();

  return {
    next: () => first + writer.count(),
    add(entry, slot) {
      if (writer.count() === 0) since = entry.monotonicAt;
      writer.add(entry, slot);
    },
    note(packet, meaning, { hubId }) {
      findings.push(...meaning.findings);
      alarmStates.push(...meaning.alarmStates);
      if (meaning.catalogue) catalogues.set(hubId, meaning.catalogue);
      if (meaning.unreadable)
        unreadable.count(hubId, packet.topic, meaning.unreadable.reason, packet.payload, packet.receivedAt);
    },
    wait: (accepted) => new Promise((resolve) => waiting.push({ resolve, accepted })),
    claim(hub, epoch) {
      const claim = claiming.get(hub.hubId) ?? { hub, epoch, resolvers: [] };
      claim.epoch = epoch;
      claiming.set(hub.hubId, claim);
      return new Promise((resolve) => claim.resolvers.push(resolve));
    },
    count: writer.count,
    bytes: writer.bytes,
    close() {
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
        claims: [...claiming].map(([hubId, { epoch }]) => ({ hubId, epoch })),
      };
      const batch = { commit, waiting, claiming, since };
      first += commit.count;
      findings = [];
      alarmStates = [];
      catalogues = new Map();
      waiting = [];
      claiming = new Map();
      return batch;
    },
  };
}
