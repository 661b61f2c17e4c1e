import type { Category } from '../domain/category.ts';
import type { Packet, Position } from '../domain/packet.ts';
import { factsOf, readingKind } from '../domain/reading.ts';
import type { Store } from '../store/commands.ts';
import type { KnownOccurrence } from '../store/occurrence.ts';
import { openStoreToRead } from '../store/open.ts';
import { segmentEntries } from '../store/segment.ts';
import { digestOf, type LedgerEntry, readLedger, settle } from './ledger.ts';

/** What a cause is called by, without the number of the reading within its message: the device's own event, or the place in the journal. */
type Origin = string;

/** What the database knows of the ledger's events. */
export type Found = {
  /** The proofs of the ledger that the journal holds, each with the origins of its copies there. */
  readonly journalled: ReadonlyMap<string, ReadonlySet<Origin>>;
  /** Causes of alerts, by hub (client identifier). */
  readonly occurrences: readonly {
    readonly hub: string;
    readonly category: Category;
    readonly origin: Origin;
    readonly alertId: string;
  }[];
};

export type Verdict = {
  readonly said: number;
  readonly acked: number;
  readonly ackedCritical: number;
  readonly appAcked: number;
  /** Acknowledged, and not in the journal. */
  readonly lost: number;
  /** Acknowledged emergencies of which no alert tells. */
  readonly unalerted: number;
  /** Emergencies that belong to several alerts, and causes that nobody said. */
  readonly doubled: number;
  readonly examples: readonly string[];
  readonly kept: boolean;
};

const EXAMPLES = 10;

const isMomentary = (category: Category): boolean => {
  const kind = readingKind.safeParse(category);
  return kind.success && factsOf(kind.data).shape === 'momentary';
};

/** One matter of one hub: what of it was said, and what of it has become alerts. */
function judgeMatter(matter: string, said: readonly LedgerEntry[], { journalled, occurrences }: Found) {
  const examples: string[] = [];
  const own = occurrences.filter(({ hub, category }) => `${hub} ${category}` === matter);
  const byOrigin = Map.groupBy(own, ({ origin }) => origin);
  const claimed = new Set<Origin>();
  const acked = said.filter((entry) => entry.acked !== null);
  const silent = acked.filter((entry) => {
    const origins = (entry.acked ?? []).flatMap((proof) => [...(journalled.get(proof) ?? [])]);
    for (const origin of origins) claimed.add(origin);
    return !origins.some((origin) => byOrigin.has(origin));
  });
  const eachCounts = said.some(({ critical }) => critical !== null && isMomentary(critical));
  const untold = eachCounts ? silent : silent.length === acked.length ? silent.slice(0, 1) : [];
  for (const { id } of untold) examples.push(`${matter}: ${id} was acknowledged, and no alert tells of it`);

  const inSeveral = [...byOrigin].filter(([, causes]) => new Set(causes.map(({ alertId }) => alertId)).size > 1);
  for (const [origin] of inSeveral) examples.push(`${matter}: ${origin} belongs to more than one alert`);
  const unclaimed = [...byOrigin.keys()].filter((origin) => !claimed.has(origin));
  const unsaid = Math.max(0, unclaimed.length - (said.length - acked.length));
  if (unsaid > 0) examples.push(`${matter}: ${unsaid} occurred that nobody said, like ${unclaimed[0]}`);
  return { unalerted: untold.length, doubled: inSeveral.length + unsaid, examples };
}

/**
 * Holds a ledger against what was found, event by event. A button's every press is an occurrence of its own; an alarm's state counts
 * when it changes, so that of several acknowledged "smoke" one must have occurred. What was said and never acknowledged may have been
 * heard. The ledger must hold everything that its hubs said of emergencies, or else what is missing in it counts as doubled.
 */
export function judge(entries: readonly LedgerEntry[], found: Found): Verdict {
  const acked = entries.filter((entry) => entry.acked !== null);
  const lost = acked.filter(({ acked }) => acked?.some((proof) => !found.journalled.has(proof)));
  const critical = entries.filter((entry) => entry.critical !== null);
  const matters = [...Map.groupBy(critical, (entry) => `${entry.hub} ${entry.critical}`)].map(([matter, said]) =>
    judgeMatter(matter, said, found),
  );
  const examples = [...lost.map(({ id }) => `lost ${id}`), ...matters.flatMap((matter) => matter.examples)];
  return {
    said: entries.length,
    acked: acked.length,
    ackedCritical: acked.filter((entry) => entry.critical !== null).length,
    appAcked: entries.filter(({ appAcked }) => appAcked).length,
    lost: lost.length,
    unalerted: matters.reduce((sum, { unalerted }) => sum + unalerted, 0),
    doubled: matters.reduce((sum, { doubled }) => sum + doubled, 0),
    examples: examples.slice(0, EXAMPLES),
    kept: examples.length === 0,
  };
}

const SEGMENTS_AT_ONCE = 200;
const HUBS_AT_ONCE = 10_000;
const OCCURRENCES_AT_ONCE = 5_000;

/** Shows every packet of the journal, stream by stream. */
export async function eachPacket(
  store: Pick<Store, 'streamHeads' | 'segmentsAfter'>,
  show: (packet: Packet, position: Position) => void,
): Promise<void> {
  for (const [stream, head] of Object.entries(await store.streamHeads(null)))
    for (let after = 0; after < head; ) {
      const segments = await store.segmentsAfter({ stream, after, limit: SEGMENTS_AT_ONCE });
      for (const { first, count, bytes } of segments) {
        after = first + count - 1;
        let number = first;
        for (const entry of segmentEntries(bytes)) {
          if (entry.kind === 'packet') show(entry, { stream, number });
          number++;
        }
      }
      if (segments.length === 0) break;
    }
}

/** Shows every cause of every alert. */
export async function eachOccurrence(
  store: Pick<Store, 'occurrencesAfter'>,
  show: (occurrence: KnownOccurrence) => void,
): Promise<void> {
  for (let after: Pick<KnownOccurrence, 'householdId' | 'key'> | undefined = { householdId: '', key: '' }; after; ) {
    const page: KnownOccurrence[] = await store.occurrencesAfter({ after, limit: OCCURRENCES_AT_ONCE });
    page.forEach(show);
    after = page.at(-1);
  }
}

export type Homes = ReadonlyMap<string, { readonly hubId: string; readonly clientId: string }>;

/** Hubs by their household. */
export async function hubsByHousehold(store: Pick<Store, 'hubsSince'>): Promise<Homes> {
  const homes = new Map<string, { hubId: string; clientId: string }>();
  for (let revision = 0; ; ) {
    const page = await store.hubsSince({ revision, limit: HUBS_AT_ONCE });
    for (const { householdId, hubId, clientId } of page.hubs) homes.set(householdId, { hubId, clientId });
    if (page.hubs.length === 0) return homes;
    revision = page.revision;
  }
}

const OUR_TOPIC = /^sw\/([^/]+)\/(?:up|emergency)$/;
const OUR_NUMBER = /"boot":"([^"]+)","seq": *(\d+)(?:,"ts":(?:"([^"]+)"|(\d+)))?/;

/** By our own protocol a message says itself which event of which hub (client identifier) it is; `ts` as a time, or null without one. */
export function eventIn({
  topic,
  payload,
}: Pick<Packet, 'topic' | 'payload'>): { hub: string; boot: string; seq: number; ts: number | null } | null {
  const hub = OUR_TOPIC.exec(topic)?.[1];
  const [, boot, seq, iso, ms] = hub ? (OUR_NUMBER.exec(Buffer.from(payload).toString('latin1')) ?? []) : [];
  const ts = iso === undefined ? Number(ms) : Date.parse(iso);
  return hub && boot ? { hub, boot, seq: Number(seq), ts: Number.isNaN(ts) ? null : ts } : null;
}

/** What a message's causes are called by: by all that names it, as ingest/rule.ts has it. */
const originOf = (hubId: string, { boot, seq, ts }: NonNullable<ReturnType<typeof eventIn>>): Origin =>
  `ev:${hubId}:${boot}:${ts === null ? seq : `${seq}@${ts}`}`;

async function journalOf(store: Store, wanted: ReadonlySet<string>): Promise<Found['journalled']> {
  const found = new Map<string, Set<Origin>>();
  await eachPacket(store, (packet, { stream, number }) => {
    const event = eventIn(packet);
    const origin = event ? originOf(packet.hubId, event) : `at:${stream}:${number}`;
    const byNumber = event ? [`${event.hub}/${event.boot}/${event.seq}`] : [];
    for (const proof of [digestOf(packet.topic, packet.payload), ...byNumber]) {
      if (wanted.has(proof)) found.set(proof, (found.get(proof) ?? new Set()).add(origin));
    }
  });
  return found;
}

/** Reads a ledger's file and the database that it was made against, and says whether every promise in it was kept. */
export async function checkLedger(database: string, ledger: string): Promise<Verdict> {
  const entries = settle(readLedger(ledger));
  const { store, close } = openStoreToRead(database);
  const homes = await hubsByHousehold(store);
  const occurrences: Found['occurrences'][number][] = [];
  await eachOccurrence(store, ({ householdId, key, alertId, category }) => {
    const hub = homes.get(householdId)?.clientId;
    if (hub) occurrences.push({ hub, category, alertId, origin: key.slice(0, key.lastIndexOf(':')) });
  });
  const journalled = await journalOf(store, new Set(entries.flatMap(({ acked }) => acked ?? [])));
  await close();
  return judge(entries, { journalled, occurrences });
}
