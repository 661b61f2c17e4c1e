import { SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import { minutes, seconds } from '../domain/time.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Nudge } from '../runtime/nudge.ts';
import type { Store } from '../store/commands.ts';
import type { Turn, WatchedHousehold } from '../store/processor.ts';
import { restore, takeCheckpoint } from './checkpoint.ts';
import { type Conclusion, ruleset } from './household.ts';
import { entriesBetween, journalReader } from './journal.ts';
import type { AnyRule } from './rule.ts';
import { type Decode, newTown, registerIn, type Town, type TurnTaken, takeTurn } from './town.ts';

type Memory = Pick<
  Store,
  | 'segmentsAfter'
  | 'streamHeads'
  | 'commitTurn'
  | 'commitCheckpoint'
  | 'resumeProcessor'
  | 'keptStates'
  | 'householdsSince'
  | 'raise'
  | 'recover'
>;

export type ProcessorOptions = {
  readonly store: Memory;
  readonly clock: Clock;
  readonly log: Log;
  readonly nudge: Pick<Nudge, 'send'>;
  readonly rules: readonly AnyRule[];
  readonly decode: Decode;
  /**
   * Where hubs are connected to. `here`: in this process, so that every connection is gone when it starts. `elsewhere`: they outlive
   * us, and what came meanwhile stands in the journal; a start of ours is then no reason to doubt anything.
   */
  readonly intake: 'here' | 'elsewhere';
  /** Which households are this processor's; with several processors, each has its own share. */
  readonly name?: string;
  readonly owns?: (householdId: string) => boolean;
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
};

export type Processor = {
  /** One turn, if there is anything to do; and a checkpoint when it is time. */
  readonly round: () => Promise<{ readonly caughtUp: boolean }>;
  /** The registry may have changed: it is asked in the next round. */
  readonly registryChanged: () => void;
  readonly stop: () => Promise<void>;
  readonly town: Town;
};

/** What one turn reads at most, so that a backlog is interrupted by time again and again, and memory stays bounded. */
const TURN_ENTRIES = 20_000;
/** A turn is logged at least so often: the last one tells how long we were out. */
const BEAT_MS = seconds(10);
/** A gap longer than this between two rounds means that nobody listened. */
const GAP_MS = seconds(30);
const REGISTRY_EVERY_MS = seconds(1);
const REGISTRY_PAGE = 1_000;
const STATES_PAGE = 2_000;
/** Findings that are raised in one transaction; emergencies go between. */
const RAISED_AT_ONCE = 50;
/** What the series may hold in memory before a checkpoint is due early. */
const SERIES_ROWS = 200_000;
const RETRY_MS = seconds(1);

/** Repeats a write until it is answered: all of them mean the same when they are done twice. */
async function insist<T>(log: Log, what: string, write: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch (err) {
      log.error({ err, what }, 'the store does not take it; trying again');
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** The registry's households, kept up to date in a town. */
function registryReader(store: Memory, town: Town, owns: (householdId: string) => boolean) {
  let revision = 0;
  return async (): Promise<number> => {
    let changed = 0;
    for (;;) {
      const page = await store.householdsSince({ revision, limit: REGISTRY_PAGE });
      revision = page.revision;
      const own: WatchedHousehold[] = page.households.filter(
        ({ householdId }) => householdId !== SYSTEM_HOUSEHOLD && owns(householdId),
      );
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

type Resumed = { readonly last: Turn | null };

/** Goes on where the last checkpoint stands: its states, and then the same turns over the same journal as before. */
async function resume(options: ProcessorOptions, town: Town, name: string): Promise<Resumed> {
  const { store, log } = options;
  const { checkpointTurn, turns } = await store.resumeProcessor({ processor: name });
  for (let after = ''; ; ) {
    const page = await store.keptStates({ processor: name, after, limit: STATES_PAGE });
    for (const kept of page) restore(town, name, checkpointTurn, kept);
    const end = page.at(-1);
    if (!end || page.length < STATES_PAGE) break;
    after = end.householdId;
  }
  let previous = turns.find((turn) => turn.number === checkpointTurn) ?? null;
  for (const turn of turns) {
    if (turn.number <= checkpointTurn) continue;
    const entries = [];
    for await (const entry of entriesBetween(store, previous?.cut ?? {}, turn.cut)) entries.push(entry);
    const { conclusions } = takeTurn(town, turn, previous, entries);
    const findings = conclusions.flatMap((it) => ('finding' in it ? [it.finding] : []));
    const raised = findings.length > 0 ? await store.raise({ findings, now: turn.at }) : [];
    if (raised.length > 0) {
      log.warn(
        { turn: turn.number, raised: raised.length },
        'a replayed turn concluded what it had not; the registry may have changed',
      );
    }
    previous = turn;
  }
  town.ahead.clear();
  return { last: previous };
}

/** Puts a turn and what it concluded on disk. A turn of ten thousand losses goes in many transactions; it is logged with the last. */
async function commit(
  { store, log, nudge }: ProcessorOptions,
  processor: string,
  turn: Turn,
  { conclusions, failures }: TurnTaken,
): Promise<void> {
  for (const { householdId, rule, error } of failures) log.error({ err: error, householdId, rule }, 'a rule failed');
  const groups = [...groupsOf(conclusions)];
  const last = groups.pop() ?? { findings: [], recoveries: [] };
  for (const { findings, recoveries } of groups) {
    await insist(log, 'findings', () => store.raise({ findings, now: turn.at }));
    if (recoveries.length > 0) await insist(log, 'recoveries', () => store.recover({ recoveries, now: turn.at }));
    nudge.send('alerts');
  }
  await insist(log, 'a turn', () => store.commitTurn({ processor, turn, ...last }));
  if (conclusions.length > 0) {
    nudge.send('alerts');
    nudge.send('notices');
  }
}

/** Since when silence counts, and since when connections are known, at the first turn of this start. */
function beginning({ clock, intake }: ProcessorOptions, last: Turn | null): Pick<Turn, 'watchingSince' | 'linksSince'> {
  const now = Math.max(clock.now(), last?.at ?? 0);
  if (!last || intake === 'here') return { watchingSince: now, linksSince: now };
  return { watchingSince: last.watchingSince, linksSince: last.linksSince };
}

/**
 * Starts a processor: it goes on where it stopped, however it stopped. Where the wall clock stands earlier than the last turn (it was
 * set back while we were out), time stands still until it is caught up with: nothing is concluded twice, silence is noticed later.
 */
export async function startProcessor(options: ProcessorOptions): Promise<Processor> {
  const { store, clock, log, name = '0', owns = () => true, checkpointEveryMs = seconds(10) } = options;
  const measured = options.measured ?? (() => {});
  const town = newTown(ruleset(options.rules), options.decode);
  const readRegistry = registryReader(store, town, owns);
  await readRegistry();
  const resumed = await resume(options, town, name);
  const readJournal = journalReader(store, resumed.last?.cut ?? {});

  let last = resumed.last;
  let watching = beginning(options, last);
  let linksUnknown = last?.linksSince !== watching.linksSince;
  let registryAt = clock.now();
  let lookedAt = clock.now();
  let checkpointAt = clock.now();
  let checkpointTurn = last?.number ?? 0;
  let working: Promise<unknown> = Promise.resolve();
  if (last && last.at > clock.now() + minutes(1)) {
    log.warn(
      { aheadMs: last.at - clock.now() },
      'the clock was set back while Shouwang was out; time stands still meanwhile',
    );
  }

  async function checkpoint(): Promise<void> {
    checkpointAt = clock.now();
    if (!last || last.number === checkpointTurn) return;
    for (const part of takeCheckpoint(town, name, last, linksUnknown)) {
      await insist(log, 'a checkpoint', () => store.commitCheckpoint(part));
    }
    checkpointTurn = last.number;
    linksUnknown = false;
  }

  async function round(): Promise<{ caughtUp: boolean }> {
    const startedAt = clock.monotonic();
    const now = clock.now();
    if (now - lookedAt > GAP_MS) watching = { ...watching, watchingSince: Math.max(now, last?.at ?? 0) };
    if (now - registryAt >= REGISTRY_EVERY_MS) {
      registryAt = now;
      await readRegistry();
    }
    const { entries, cut, caughtUp } = await readJournal(TURN_ENTRIES);
    const stranger = entries.some(({ entry }) => !town.directory.hubs.has(entry.hubId));
    if (stranger) await readRegistry();

    // A backlog is judged by its own time: what was said later stands further on in the journal, and is not to be missed yet.
    const time = caughtUp ? now : (entries.at(-1)?.entry.receivedAt ?? now);
    const at = Math.max(time, last?.at ?? 0);
    const looksAgain = last?.watchingSince !== watching.watchingSince || last?.linksSince !== watching.linksSince;
    const due = entries.length > 0 || town.wakeAt <= at || looksAgain || at - (last?.at ?? 0) >= BEAT_MS;
    if (due) {
      const turn: Turn = { number: (last?.number ?? 0) + 1, at, ...watching, cut };
      const taken = takeTurn(town, turn, last, entries);
      last = turn;
      await commit(options, name, turn, taken);
      measured({
        readings: taken.readings,
        entries: entries.length,
        seconds: (clock.monotonic() - startedAt) / 1_000,
        behindMs: Math.max(0, clock.now() - (entries[0]?.entry.receivedAt ?? clock.now())),
        failures: taken.failures.length,
        unknownHubs: taken.unknownHubs,
      });
    }
    if (clock.now() - checkpointAt >= checkpointEveryMs || town.series.size() > SERIES_ROWS) await checkpoint();
    lookedAt = clock.now();
    return { caughtUp };
  }

  return {
    town,
    round() {
      const result = working.then(round);
      working = result.catch(() => {});
      return result;
    },
    registryChanged: () => (registryAt = Number.NEGATIVE_INFINITY),
    async stop() {
      await working;
      await checkpoint();
    },
  };
}
