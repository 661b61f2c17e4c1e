import type { Finding, Recovery } from '../domain/finding.ts';
import type { Log } from '../runtime/log.ts';
import type { Checkpoint } from '../store/checkpoint.ts';
import type { Store } from '../store/commands.ts';
import { failureOf } from '../store/failure.ts';
import { type HeldLease, isFenced } from '../store/lease.ts';
import type { Turn } from '../store/processor.ts';
import { degraded } from './household.ts';

type Concluded = { readonly findings: readonly Finding[]; readonly recoveries: readonly Recovery[] };

/** A memory that is asked until it answers: what a processor has in hand may wait, and may not be lost. */
export type InsistentMemory = {
  /** How many alerts were opened or occurred again. */
  readonly conclude: (concluded: Concluded, at: number) => Promise<number>;
  readonly turn: (turn: Turn, concluded: Concluded, at: number) => Promise<void>;
  readonly checkpoint: (part: Checkpoint) => Promise<void>;
};

type Options = {
  readonly store: Pick<Store, 'conclude' | 'commitTurn' | 'commitCheckpoint'>;
  readonly log: Log;
  readonly lease: HeldLease;
  readonly processor: string;
};

const RETRY_MS = 1_000;
const NOTHING: Concluded = { findings: [], recoveries: [] };

const isRefused = (error: unknown): boolean => failureOf(error) === 'refused' && !isFenced(error);

/** Asks again while the memory cannot be reached: all that is asked so means the same when it is done twice. */
export async function insist<T>(log: Log, what: string, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (err) {
      if (failureOf(err) !== 'unavailable') throw err;
      log.error({ err, what }, 'the memory does not answer; trying again');
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** The writes of a partition's owner; each throws (isFenced) once somebody else has the partition. */
export function insistentMemory({ store, log, lease, processor }: Options): InsistentMemory {
  const tell = async (concluded: Concluded, at: number): Promise<number> =>
    (await insist(log, 'conclusions', () => store.conclude({ lease, at, ...concluded }))).length;

  /** What the memory refuses costs its household that conclusion, in plain sight, and nobody else anything. */
  async function tellOne(concluded: Concluded, at: number): Promise<number> {
    try {
      return await tell(concluded, at);
    } catch (err) {
      if (!isRefused(err)) throw err;
      const [finding] = concluded.findings;
      log.error({ err, householdId: finding?.householdId, rule: finding?.rule }, 'a conclusion was refused');
      return finding
        ? tell({ ...NOTHING, findings: [degraded(finding.householdId, finding.rule, finding.at)] }, at)
        : 0;
    }
  }

  async function conclude({ findings, recoveries }: Concluded, at: number): Promise<number> {
    if (findings.length + recoveries.length === 0) return 0;
    try {
      return await tell({ findings, recoveries }, at);
    } catch (err) {
      if (!isRefused(err)) throw err;
      let raised = 0;
      for (const finding of findings) raised += await tellOne({ ...NOTHING, findings: [finding] }, at);
      for (const recovery of recoveries) raised += await tellOne({ ...NOTHING, recoveries: [recovery] }, at);
      return raised;
    }
  }

  async function turn(turn: Turn, concluded: Concluded, at: number): Promise<void> {
    const commit = (rest: Concluded) =>
      insist(log, 'a turn', () => store.commitTurn({ lease, processor, turn, at, ...rest }));
    try {
      await commit(concluded);
    } catch (err) {
      if (!isRefused(err)) throw err;
      await conclude(concluded, at);
      await commit(NOTHING);
    }
  }

  /** A part that is refused goes by halves, until the one household stands alone: its series are given up, then its state. */
  async function checkpoint(part: Checkpoint): Promise<void> {
    try {
      await insist(log, 'a checkpoint', () => store.commitCheckpoint(part));
    } catch (err) {
      const [household] = part.households;
      if (!isRefused(err) || !household) throw err;
      if (part.households.length > 1) {
        const middle = Math.ceil(part.households.length / 2);
        await checkpoint({ ...part, households: part.households.slice(0, middle), complete: null });
        await checkpoint({ ...part, households: part.households.slice(middle), linksUnknown: false });
        return;
      }
      const { states } = household;
      log.error({ err, householdId: states[0]?.householdId }, 'what was kept of a household was refused');
      const bare = { states, rollups: [], readings: [], latest: [], devices: [], hubs: [] };
      const isBare = Object.values(household).every((rows) => rows === states || rows.length === 0);
      await checkpoint({ ...part, households: isBare ? [] : [bare] });
    }
  }

  return { conclude, turn, checkpoint };
}
