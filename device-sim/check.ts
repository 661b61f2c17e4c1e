import type { Category } from '../domain/category.ts';

import { factsOf, readingKind } from '../domain/reading.ts';
import type { Store } from '../store/commands.ts';
import { openStoreToRead } from '../store/open.ts';
import { segmentEntries } from '../store/segment.ts';
import { digestOf, type LedgerEntry, readLedger, settle } from './ledger.ts';

type Reads = Pick<Store, 'streamHeads' | 'segmentsAfter' | 'hubsSince' | 'queue'>;

/** What the database knows of the ledger's events. */
export type Found = {
  /** The proofs of the ledger that the journal holds. */
  readonly journalled: ReadonlySet<string>;
  /** Alerts by hub (client identifier) and category, each with its number of occurrences. */
  readonly alerts: readonly { readonly hub: string; readonly category: Category; readonly occurrences: number }[];
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
  /** Occurrences of emergencies that nobody said so often. */
  readonly doubled: number;
  readonly examples: readonly string[];
  readonly kept: boolean;
};

const EXAMPLES = 10;

/**
 * Holds a ledger against what was found. A button's every press is an occurrence of its own; an alarm's state counts when it
 * changes, so that of several acknowledged "smoke" only the first must be one. What was said and never acknowledged may have been
 * heard. The ledger must hold everything that its hubs said of emergencies, or else what is missing in it counts as doubled.
 */
export function judge(entries: readonly LedgerEntry[], { journalled, alerts }: Found): Verdict {
  const acked = entries.filter((entry) => entry.acked !== null);
  const lost = acked.filter(({ acked }) => acked?.some((proof) => !journalled.has(proof)));
  const examples = lost.map(({ id }) => `lost ${id}`);
  let unalerted = 0;
  let doubled = 0;
  const byMatter = Map.groupBy(
    entries.filter(({ critical }) => critical !== null),
    ({ hub, critical }) => `${hub} ${critical}`,
  );
  for (const [matter, said] of byMatter) {
    const occurred = alerts
      .filter(({ hub, category }) => `${hub} ${category}` === matter)
      .reduce((sum, { occurrences }) => sum + occurrences, 0);
    const heard = said.filter(({ acked }) => acked !== null).length;
    const least = said.some(({ critical }) => critical !== null && countsEachTime(critical))
      ? heard
      : Math.min(heard, 1);
    if (occurred < least) examples.push(`${matter}: ${heard} acknowledged, ${occurred} occurred`);
    if (occurred > said.length) examples.push(`${matter}: ${said.length} said, ${occurred} occurred`);
    unalerted += Math.max(0, least - occurred);
    doubled += Math.max(0, occurred - said.length);
  }
  return {
    said: entries.length,
    acked: acked.length,
    ackedCritical: acked.filter(({ critical }) => critical !== null).length,
    appAcked: entries.filter(({ appAcked }) => appAcked).length,
    lost: lost.length,
    unalerted,
    doubled,
    examples: examples.slice(0, EXAMPLES),
    kept: examples.length === 0,
  };
}

function countsEachTime(category: Category): boolean {
  const kind = readingKind.safeParse(category);
  return kind.success && factsOf(kind.data).shape === 'momentary';
}

const OUR_TOPIC = /^sw\/([^/]+)\/(?:up|emergency)$/;
const OUR_NUMBER = /"boot":"([^"]+)","seq": *(\d+)/;
const SEGMENTS_AT_ONCE = 200;
const HUBS_AT_ONCE = 10_000;
const ALERTS_A_HOME = 10_000;

/** What a packet proves: that it arrived byte for byte, and by our own protocol also which event it was. */
function proofsOf(topic: string, payload: Uint8Array): string[] {
  const hub = OUR_TOPIC.exec(topic)?.[1];
  const [, boot, seq] = hub ? (OUR_NUMBER.exec(Buffer.from(payload).toString()) ?? []) : [];
  return boot ? [digestOf(topic, payload), `${hub}/${boot}/${seq}`] : [digestOf(topic, payload)];
}

async function journalOf(store: Reads, wanted: ReadonlySet<string>): Promise<Set<string>> {
  const found = new Set<string>();
  for (const [stream, head] of Object.entries(await store.streamHeads(null)))
    for (let after = 0; after < head; ) {
      const segments = await store.segmentsAfter({ stream, after, limit: SEGMENTS_AT_ONCE });
      for (const { first, count, bytes } of segments) {
        after = first + count - 1;
        for (const entry of segmentEntries(bytes)) {
          if (entry.kind !== 'packet') continue;
          for (const proof of proofsOf(entry.topic, entry.payload)) if (wanted.has(proof)) found.add(proof);
        }
      }
      if (segments.length === 0) break;
    }
  return found;
}

async function alertsOf(store: Reads, wanted: ReadonlySet<string>, now: number): Promise<Found['alerts']> {
  const alerts: Found['alerts'][number][] = [];
  for (let revision = 0; ; ) {
    const { hubs, revision: reached } = await store.hubsSince({ revision, limit: HUBS_AT_ONCE });
    if (hubs.length === 0) return alerts;
    revision = reached;
    for (const { clientId, householdId } of hubs) {
      if (!wanted.has(clientId)) continue;
      for (const state of ['unclosed', 'closed'] as const) {
        const asked = { scope: { areaId: null, householdId }, state, userId: '', limit: ALERTS_A_HOME, now };
        const queued = await store.queue(asked);
        for (const { category, occurrences } of queued.alerts) alerts.push({ hub: clientId, category, occurrences });
      }
    }
  }
}

/** Reads a ledger's file and the database that it was made against, and says whether every promise in it was kept. */
export async function checkLedger(database: string, ledger: string): Promise<Verdict> {
  const entries = settle(readLedger(ledger));
  const { store, close } = openStoreToRead(database);
  const proofs = new Set(entries.flatMap(({ acked }) => acked ?? []));
  const endangered = new Set(entries.filter(({ critical }) => critical !== null).map(({ hub }) => hub));
  const found = {
    journalled: await journalOf(store, proofs),
    alerts: await alertsOf(store, endangered, Date.now()),
  };
  await close();
  return judge(entries, found);
}
