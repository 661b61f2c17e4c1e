import type { Clock } from '../runtime/clock.ts';
import { repeat } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/commands.ts';
import { failureOf } from '../store/failure.ts';
import { type HeldLease, isFenced } from '../store/lease.ts';
import type { Partition } from '../store/partition.ts';
import { insist } from './insist.ts';
import { type Processor, TURN_ENTRIES } from './processor.ts';
import { moves, partitionLease, processorLease, type Watched, watch } from './roster.ts';

export type PartitionsOptions = {
  readonly store: Pick<Store, 'partitions' | 'leases' | 'takeLease' | 'renewLease' | 'releaseLease'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
  /** The same after a restart, and nobody else's: what was ours is taken on at once. */
  readonly owner: string;
  readonly start: (partition: Partition, lease: HeldLease) => Promise<Processor>;
};

export type Partitions = {
  /** One turn of each partition that is ours. */
  readonly round: () => Promise<{ readonly caughtUp: boolean }>;
  readonly registryChanged: () => void;
  readonly has: (number: number) => boolean;
  /** Keeps what there is, and leaves the partitions to others. */
  readonly stop: () => Promise<void>;
};

const RENEW_MS = 2_000;
const TEND_MS = 1_000;

/** Nothing is wrong with what is in memory here: either it is somebody else's by now, or the next round will do. */
const passes = (error: unknown): boolean => isFenced(error) || failureOf(error) === 'unavailable';

type Holding = { readonly lease: HeldLease; processor: Processor | null };

/** What this process holds, and what it has seen of the others. */
type Hand = PartitionsOptions & {
  readonly partitions: number;
  readonly holdings: Map<number, Holding>;
  presence: HeldLease | null;
  watched: Map<string, Watched>;
  /** What no next round will mend. */
  failed: unknown;
};

async function take({ store, owner, watched }: Hand, name: string): Promise<HeldLease | null> {
  const fence = await store.takeLease({ name, owner, seen: watched.get(name) ?? null });
  return fence === null ? null : { name, owner, fence };
}

function drop({ holdings, log }: Hand, number: number, holding: Holding): void {
  if (holdings.get(number) !== holding) return;
  holdings.delete(number);
  log.warn({ partition: number }, 'another processor has taken this partition');
}

/** Takes a partition on; while it is made ready the others go on. */
async function hold(hand: Hand, number: number): Promise<void> {
  const lease = await take(hand, partitionLease(number));
  if (!lease) return;
  const holding: Holding = { lease, processor: null };
  hand.holdings.set(number, holding);
  hand.start({ number, of: hand.partitions }, lease).then(
    (processor) => {
      holding.processor = processor;
      hand.log.info({ partition: number, fence: lease.fence }, 'working on this partition');
    },
    (error: unknown) => {
      if (!passes(error)) hand.failed ??= error;
      else if (hand.holdings.get(number) === holding) hand.holdings.delete(number);
    },
  );
}

async function giveUp({ store, holdings }: Hand, number: number): Promise<void> {
  const holding = holdings.get(number);
  if (!holding?.processor) return;
  holdings.delete(number);
  try {
    await holding.processor.stop();
  } catch (error) {
    if (!isFenced(error)) throw error;
  }
  await store.releaseLease(holding.lease);
}

/** At the end also of one that is being made ready: whoever takes it meanwhile has the fence. */
const leave = (hand: Hand, [number, { lease, processor }]: [number, Holding]): Promise<unknown> =>
  processor ? giveUp(hand, number) : hand.store.releaseLease(lease);

async function tend(hand: Hand): Promise<void> {
  const { store, clock, owner, holdings, partitions } = hand;
  hand.watched = watch(hand.watched, await store.leases({ prefix: 'p' }), clock.monotonic());
  if (partitions > 1) hand.presence ??= await take(hand, processorLease(owner));
  const held = new Set(holdings.keys());
  const due = moves(hand.watched, { owner, held, partitions, now: clock.monotonic() });
  for (const number of due.take) await hold(hand, number);
  for (const number of due.release) await giveUp(hand, number);
}

async function renew(hand: Hand): Promise<void> {
  const { store, holdings } = hand;
  if (hand.presence && !(await store.renewLease(hand.presence))) hand.presence = null;
  for (const [number, holding] of holdings) {
    if (!(await store.renewLease(holding.lease))) drop(hand, number, holding);
  }
}

async function roundOf(hand: Hand, number: number, holding: Holding): Promise<boolean> {
  // Together they read what one would alone: so they stay side by side in the journal, and what one has read the others find in memory.
  const atMost = Math.ceil(TURN_ENTRIES / hand.holdings.size);
  try {
    return (await holding.processor?.round(atMost))?.caughtUp ?? true;
  } catch (error) {
    if (!passes(error)) throw error;
    if (isFenced(error)) drop(hand, number, holding);
    else hand.log.error({ err: error, partition: number }, 'the memory does not answer; this partition waits for it');
    return true;
  }
}

/** The partitions that this process works on: taken when nobody does, given up when another has fewer, dropped when they were taken. */
export async function startPartitions(options: PartitionsOptions): Promise<Partitions> {
  const { store, log } = options;
  const partitions = await insist(log, 'partitions', () => store.partitions(null));
  const hand: Hand = { ...options, partitions, holdings: new Map(), presence: null, watched: new Map(), failed: null };
  await insist(log, 'partitions', () => tend(hand));
  const tending = repeat(log, 'partitions', TEND_MS, () => tend(hand));
  const renewing = repeat(log, 'leases', RENEW_MS, () => renew(hand));
  return {
    async round() {
      if (hand.failed) throw hand.failed;
      const all = await Promise.all([...hand.holdings].map(([number, holding]) => roundOf(hand, number, holding)));
      return { caughtUp: all.every(Boolean) };
    },
    registryChanged() {
      for (const { processor } of hand.holdings.values()) processor?.registryChanged();
    },
    has: (number) => hand.holdings.has(number),
    async stop() {
      await Promise.all([tending.stop(), renewing.stop()]);
      await Promise.all([...hand.holdings].map((its) => leave(hand, its)));
      if (hand.presence) await store.releaseLease(hand.presence);
    },
  };
}
