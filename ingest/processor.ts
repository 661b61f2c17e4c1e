import { SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import { days, minutes, seconds } from '../domain/time.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Nudge } from '../runtime/nudge.ts';
import type { Store } from '../store/commands.ts';
import type { HeldLease } from '../store/lease.ts';
import type { Partition } from '../store/partition.ts';
import type { Turn } from '../store/processor.ts';
import { takeCheckpoint } from './checkpoint.ts';
import { type Conclusion, ruleset } from './household.ts';
import { type InsistentMemory, insist, insistentMemory } from './insist.ts';
import { type Batch, journalReader } from './journal.ts';
import { nameOf, readSnapshot, replayFrom } from './replay.ts';
import type { AnyRule } from './rule.ts';
import { timeStands } from './standing-time.ts';
import { type Decode, newTown, registerIn, type Town, type TurnTaken, takeTurn } from './town.ts';

type Memory = Pick<
  Store,
  | 'segmentsAfter'
  | 'streamHeads'
  | 'conclude'
  | 'commitTurn'
  | 'commitCheckpoint'
  | 'checkpointTurn'
  | 'turnsFrom'
  | 'keptStates'
  | 'householdsSince'
>;

export type ProcessorOptions = {
  readonly store: Memory;
  readonly clock: Clock;
  readonly log: Log;
  readonly nudge: Pick<Nudge, 'send'>;
  readonly rules: readonly AnyRule[];
  readonly decode: Decode;
  /**
   * When the process began in which hubs are connected, if it is this one: whatever was connected before is gone. Null when they are
   * connected elsewhere: what came while we were out stands in the journal then, and our start is no reason to doubt anything.
   */
  readonly intakeStartedAt: number | null;
  /** Whose households are this processor's, and the right to work on them. */
  readonly partition: Partition;
  readonly lease: HeldLease;
  readonly checkpointEveryMs?: number;
  readonly measured?: (turn: TurnMeasured) => void;
};

export type TurnMeasured = {
  readonly readings: number;
  readonly entries: number;
  readonly seconds: number;
  /** How old the oldest entry was when it was dealt with; 0 when there was none. */
  readonly behindMs: number;
  readonly failures: number;
  readonly unknownHubs: number;
  readonly countingAnew: number;
};

export type Processor = {
  /** One turn of so many entries at most, if there is anything to do; and a checkpoint when it is time. */
  readonly round: (atMost?: number) => Promise<{ readonly caughtUp: boolean }>;
  /** The registry may have changed: it is asked in the next round. */
  readonly registryChanged: () => void;
  readonly stop: () => Promise<void>;
  readonly town: Town;
};

/** What a process reads at a time at most, so that a backlog is interrupted by time again and again, and memory stays bounded. */
export const TURN_ENTRIES = 20_000;
/** A turn is logged at least so often: the last one tells how long we were out. */
const BEAT_MS = seconds(10);
/** A gap longer than this between two rounds means that nobody listened. */
const GAP_MS = seconds(30);
const REGISTRY_EVERY_MS = seconds(1);
const REGISTRY_PAGE = 1_000;
/** Findings that are raised in one transaction; emergencies go between. */
const RAISED_AT_ONCE = 50;
/** What the series may hold in memory before a checkpoint is due early. */
const SERIES_ROWS = 200_000;
const CHECKPOINT_EVERY_MS = seconds(10);
/** After so much replaying at least, and after no less than keeping takes, what has been replayed is kept. */
const KEEP_REPLAYED_MS = seconds(1);
/** Of hubs that do the same wrong, so many are named in the log. */
const HUBS_NAMED = 5;

/** The registry's households, kept up to date in a town. */
function registryReader(store: Memory, town: Town, partition: Partition) {
  let revision = 0;
  return async (): Promise<number> => {
    let changed = 0;
    for (;;) {
      const page = await store.householdsSince({ revision, limit: REGISTRY_PAGE, partition });
      revision = page.revision;
      const own = page.households.filter(({ householdId }) => householdId !== SYSTEM_HOUSEHOLD);
      for (const household of own) registerIn(town, household);
      changed += own.length;
      if (page.households.length < REGISTRY_PAGE) return changed;
    }
  };
}

/**
 * Conclusions in groups that may each be raised in one transaction and mean the same as one after the other: within a group findings
 * come before recoveries.
 */
function* groupsOf(conclusions: readonly Conclusion[]) {
  let findings = [];
  let recoveries = [];
  for (const it of conclusions) {
    if (findings.length + recoveries.length >= RAISED_AT_ONCE || ('finding' in it && recoveries.length > 0)) {
      yield { findings, recoveries };
      findings = [];
      recoveries = [];
    }
    if ('finding' in it) findings.push(it.finding);
    else recoveries.push(it.recovery);
  }
  yield { findings, recoveries };
}

/**
 * Goes on where the last checkpoint stands, and takes the turns since once more. What they conclude was raised with them; it is raised
 * again, to the same keys, because that costs nothing and would tell if it were not so. What has been replayed is kept on the way: one
 * that dies again and again, each time sooner than it is through, still comes further each time.
 */
async function resume({ store, log, clock, lease }: ProcessorOptions, town: Town, memory: InsistentMemory) {
  const kept = await readSnapshot(store, nameOf(town.partition));
  let checkpointTurn = kept.turn;
  let keptAt = clock.monotonic();
  let keepingMs = 0;
  const last = await replayFrom(store, town, kept, async (turn, conclusions) => {
    const findings = conclusions.flatMap((it) => ('finding' in it ? [it.finding] : []));
    const raised = await memory.conclude({ findings, recoveries: [] }, clock.now());
    if (raised > 0)
      log.warn(
        { turn: turn.number, raised },
        'a replayed turn concluded what it had not before; the registry may have changed',
      );
    const from = clock.monotonic();
    if (from - keptAt < Math.max(KEEP_REPLAYED_MS, keepingMs)) return;
    for (const part of takeCheckpoint(town, lease, turn, false)) await memory.checkpoint(part);
    checkpointTurn = turn.number;
    keptAt = clock.monotonic();
    keepingMs = keptAt - from;
  });
  town.ahead.clear();
  return { last, checkpointTurn };
}

/**
 * Puts a turn and what it concluded on disk. A turn of ten thousand losses goes in many transactions; it is logged with the last. Alerts
 * are raised now and not at the turn's time: what a backlog tells is old, and whoever is told of it has the plan's time all the same.
 */
async function commit(
  { clock, log, nudge, memory }: Work,
  turn: Turn,
  { conclusions, failures, countingAnew }: TurnTaken,
): Promise<void> {
  for (const { householdId, rule, error } of failures) log.error({ err: error, householdId, rule }, 'a rule failed');
  if (countingAnew.size > 0) {
    const hubIds = [...countingAnew].slice(0, HUBS_NAMED);
    log.warn({ hubs: countingAnew.size, hubIds }, 'hubs gave numbers of one "boot" twice, as after a reset');
  }
  const groups = [...groupsOf(conclusions)];
  const last = groups.pop() ?? { findings: [], recoveries: [] };
  for (const group of groups) {
    await memory.conclude(group, clock.now());
    nudge.send('alerts');
  }
  await memory.turn(turn, last, clock.now());
  if (conclusions.length > 0) {
    nudge.send('alerts');
    nudge.send('notices');
  }
}

/** Since when silence counts, and since when connections are known, at the first turn of this start. */
function beginning(
  { clock, intakeStartedAt }: ProcessorOptions,
  last: Turn | null,
): Pick<Turn, 'watchingSince' | 'linksSince'> {
  if (last && intakeStartedAt === null) return { watchingSince: last.watchingSince, linksSince: last.linksSince };
  const lastAt = last?.at ?? 0;
  return {
    watchingSince: Math.max(clock.now(), lastAt),
    linksSince: Math.max(intakeStartedAt ?? 0, lastAt),
  };
}

/** A processor at work: its town, and how far it has come. */
type Work = ProcessorOptions & {
  readonly town: Town;
  readonly memory: InsistentMemory;
  readonly readRegistry: () => Promise<number>;
  readonly readJournal: (limit: number) => Promise<Batch>;
  last: Turn | null;
  watching: Pick<Turn, 'watchingSince' | 'linksSince'>;
  linksUnknown: boolean;
  checkpointTurn: number;
  /** The checkpoint that is being written, beside the turns. */
  checkpointing: Promise<void> | null;
  /** What kept a checkpoint from the disk for good. */
  failed: unknown;
  registryAt: number;
  lookedAt: number;
  checkpointAt: number;
  /** When it was said last that time stands still. */
  standsSaidAt: number;
};

/** Takes what has changed out of the town at once, and writes it while turns go on. */
function checkpoint(work: Work): Promise<void> {
  const { clock, town, memory, lease, last } = work;
  work.checkpointAt = clock.now();
  if (!last || last.number === work.checkpointTurn) return Promise.resolve();
  const parts = takeCheckpoint(town, lease, last, work.linksUnknown);
  work.checkpointTurn = last.number;
  work.linksUnknown = false;
  const write = async (): Promise<void> => {
    for (const part of parts) await memory.checkpoint(part);
    work.checkpointing = null;
  };
  work.checkpointing = write();
  // Nobody may be waiting for it: the next round fails in its place.
  work.checkpointing.catch((error: unknown) => {
    work.failed = error;
  });
  return work.checkpointing;
}

/**
 * The turn that is due, if one is. A backlog is judged by its own time: what was said later stands further on, and is not missed yet. By
 * no later one than ours, though an intake's clock may be ahead of it.
 */
function nextTurn({ town, last, watching }: Work, { entries, cut, caughtUp }: Batch, now: number): Turn | null {
  const lastAt = last?.at ?? 0;
  const readUpTo = caughtUp ? now : Math.min(now, entries.at(-1)?.entry.receivedAt ?? now);
  const at = Math.max(readUpTo, lastAt);
  const looksAgain = last?.watchingSince !== watching.watchingSince || last?.linksSince !== watching.linksSince;
  const due = entries.length > 0 || town.wakeAt <= at || looksAgain || at - lastAt >= BEAT_MS;
  return due ? { number: (last?.number ?? 0) + 1, at, ...watching, cut } : null;
}

/** Who has closed the incident, as one of yesterday, must not forget that nobody watches. */
async function sayIfTimeStands(work: Work, now: number): Promise<void> {
  const { last, log, memory, partition } = work;
  if (!last || last.at <= now + minutes(1) || now - work.standsSaidAt < days(1)) return;
  log.warn({ aheadMs: last.at - now }, 'the clock was set back while Shouwang was out; time stands still meanwhile');
  if (partition.number === 0) await memory.conclude({ findings: [timeStands(last.at, now)], recoveries: [] }, now);
  work.standsSaidAt = now;
}

async function round(work: Work, atMost: number): Promise<{ readonly caughtUp: boolean }> {
  const { clock, log, town, last, measured } = work;
  if (work.failed) throw work.failed;
  const startedAt = clock.monotonic();
  const now = clock.now();
  if (now - work.lookedAt > GAP_MS) work.watching = { ...work.watching, watchingSince: Math.max(now, last?.at ?? 0) };
  if (now - work.registryAt >= REGISTRY_EVERY_MS) {
    work.registryAt = now;
    await work.readRegistry();
  }
  await sayIfTimeStands(work, now);
  const batch = await work.readJournal(atMost);
  // Not at the end: a memory that was away while the turn was written is a gap too, from which intakes come back one stream after another.
  work.lookedAt = now;
  const { entries, caughtUp } = batch;
  // From here on the batch is in hand, and would not be read again.
  if (entries.some(({ entry }) => entry.kind !== 'beat' && !town.directory.hubs.has(entry.hubId)))
    await insist(log, 'the registry', work.readRegistry);

  const turn = nextTurn(work, batch, now);
  if (turn) {
    const taken = takeTurn(town, turn, last, entries);
    work.last = turn;
    await commit(work, turn, taken);
    measured?.({
      readings: taken.readings,
      entries: entries.length,
      seconds: (clock.monotonic() - startedAt) / 1_000,
      behindMs: Math.max(0, clock.now() - (entries[0]?.entry.receivedAt ?? clock.now())),
      failures: taken.failures.length,
      unknownHubs: taken.unknownHubs,
      countingAnew: taken.countingAnew.size,
    });
  }
  // One that takes longer than it should is waited for, so that what is gathered meanwhile stays bounded.
  if (town.series.size() > SERIES_ROWS) await work.checkpointing;
  const due = clock.now() - work.checkpointAt >= (work.checkpointEveryMs ?? CHECKPOINT_EVERY_MS);
  if (work.checkpointing === null && (due || town.series.size() > SERIES_ROWS)) void checkpoint(work);
  return { caughtUp };
}

/**
 * Starts a processor: it goes on where it stopped, however it stopped. Where the wall clock stands earlier than the last turn (it was
 * set back while we were out), time stands still until it is caught up with: nothing is concluded twice, silence is noticed later, and
 * that is said.
 */
export async function startProcessor(options: ProcessorOptions): Promise<Processor> {
  const { store, clock, log, partition, lease } = options;
  const town = newTown(ruleset(options.rules), options.decode, partition);
  const memory = insistentMemory({ store, log, lease, processor: nameOf(partition) });
  const readRegistry = registryReader(store, town, partition);
  await readRegistry();
  const { last, checkpointTurn } = await resume(options, town, memory);
  const now = clock.now();
  const watching = beginning(options, last);
  const work: Work = {
    ...options,
    town,
    memory,
    readRegistry,
    readJournal: journalReader(store, last?.cut ?? {}, partition),
    last,
    watching,
    linksUnknown: false,
    checkpointTurn,
    checkpointing: null,
    failed: null,
    registryAt: now,
    lookedAt: now,
    checkpointAt: now,
    standsSaidAt: Number.NEGATIVE_INFINITY,
  };
  // The rest of what had to be replayed is kept at once, too.
  void checkpoint(work);
  // One that never was before knows of no connection; those of the other partitions are not its business.
  work.linksUnknown = last !== null && last.linksSince !== watching.linksSince;
  let working: Promise<unknown> = Promise.resolve();
  return {
    town,
    round(atMost = TURN_ENTRIES) {
      const result = working.then(() => round(work, atMost));
      working = result.catch(() => {});
      return result;
    },
    registryChanged: () => (work.registryAt = Number.NEGATIVE_INFINITY),
    async stop() {
      await working;
      await work.checkpointing;
      await checkpoint(work);
    },
  };
}
