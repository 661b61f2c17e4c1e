import type { Clock } from '../runtime/clock.ts';
import { repeat } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/commands.ts';
import { failureOf } from '../store/failure.ts';
import { type HeldLease, isFenced } from '../store/lease.ts';
import type { Partition } from '../store/partition.ts';
import type { Processor } from './processor.ts';
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

/** The partitions that this process works on: taken when nobody does, given up when another has fewer, dropped when they were taken. */
export async function startPartitions(options: PartitionsOptions): Promise<Partitions> {
  const { store, clock, log, owner, start } = options;
  const partitions = await store.partitions(null);
  const holdings = new Map<number, Holding>();
  let presence: HeldLease | null = null;
  let watched: Map<string, Watched> = new Map();
  let failed: unknown = null;

  async function take(name: string): Promise<HeldLease | null> {
    const seen = watched.get(name) ?? null;
    const fence = await store.takeLease({ name, owner, seen });
    return fence === null ? null : { name, owner, fence };
  }

  function drop(number: number, holding: Holding): void {
    if (holdings.get(number) !== holding) return;
    holdings.delete(number);
    log.warn({ partition: number }, 'another processor has taken this partition');
  }

  /** Takes a partition on; while it is made ready the others go on. */
  async function hold(number: number): Promise<void> {
    const lease = await take(partitionLease(number));
    if (!lease) return;
    const holding: Holding = { lease, processor: null };
    holdings.set(number, holding);
    start({ number, of: partitions }, lease).then(
      (processor) => {
        holding.processor = processor;
        log.info({ partition: number, fence: lease.fence }, 'working on this partition');
      },
      (error: unknown) => {
        if (!passes(error)) failed ??= error;
        else if (holdings.get(number) === holding) holdings.delete(number);
      },
    );
  }

  async function giveUp(number: number): Promise<void> {
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

  async function tend(): Promise<void> {
    watched = watch(watched, await store.leases({ prefix: 'p' }), clock.monotonic());
    if (partitions > 1) presence ??= await take(processorLease(owner));
    const held = new Set(holdings.keys());
    const { take: taken, release } = moves(watched, { owner, held, partitions, now: clock.monotonic() });
    for (const number of taken) await hold(number);
    for (const number of release) await giveUp(number);
  }

  async function renew(): Promise<void> {
    if (presence && !(await store.renewLease(presence))) presence = null;
    for (const [number, holding] of holdings) if (!(await store.renewLease(holding.lease))) drop(number, holding);
  }

  await tend();
  const tending = repeat(log, 'partitions', TEND_MS, tend);
  const renewing = repeat(log, 'leases', RENEW_MS, renew);

  async function roundOf(number: number, holding: Holding): Promise<boolean> {
    try {
      return (await holding.processor?.round())?.caughtUp ?? true;
    } catch (error) {
      if (!passes(error)) throw error;
      if (isFenced(error)) drop(number, holding);
      else log.error({ err: error, partition: number }, 'the memory does not answer; this partition waits for it');
      return true;
    }
  }

  return {
    async round() {
      if (failed) throw failed;
      const all = await Promise.all([...holdings].map(([number, holding]) => roundOf(number, holding)));
      return { caughtUp: all.every(Boolean) };
    },
    registryChanged() {
      for (const { processor } of holdings.values()) processor?.registryChanged();
    },
    has: (number) => holdings.has(number),
    async stop() {
      await Promise.all([tending.stop(), renewing.stop()]);
      for (const number of [...holdings.keys()]) await giveUp(number);
      if (presence) await store.releaseLease(presence);
    },
  };
}
