import type { Store } from '../store/commands.ts';
import type { Partition } from '../store/partition.ts';
import type { Turn } from '../store/processor.ts';
import type { WatchedHousehold } from '../store/watched-household.ts';
import { restore, type Snapshot } from './checkpoint.ts';
import { type Conclusion, ruleset } from './household.ts';
import { entriesBetween } from './journal.ts';
import type { AnyRule } from './rule.ts';
import { type Decode, type Entry, newTown, registerIn, type Town, takeTurn } from './town.ts';

type Memory = Pick<Store, 'segmentsAfter' | 'checkpointTurn' | 'turnsFrom' | 'keptStates'>;

const DOCUMENTS_PAGE = 2_000;

/** What a partition's processor is called in what it keeps. */
export const nameOf = ({ number }: Partition): string => String(number);

/** What a processor has kept, as it stands. */
export async function readSnapshot(store: Memory, processor: string): Promise<Snapshot> {
  const turn = await store.checkpointTurn({ processor });
  const documents = [];
  for (let after = ''; ; ) {
    const page = await store.keptStates({ processor, after, limit: DOCUMENTS_PAGE });
    documents.push(...page);
    const end = page.at(-1);
    if (!end || page.length < DOCUMENTS_PAGE) return { turn, documents };
    after = end.householdId;
  }
}

/** Takes the logged turns after a snapshot once more, and gives the last one: the same cuts of the journal, the same times. */
export async function replayFrom(
  store: Memory,
  town: Town,
  snapshot: Snapshot,
  concluded: (turn: Turn, conclusions: readonly Conclusion[]) => Promise<void> | void,
): Promise<Turn | null> {
  restore(town, snapshot);
  let previous: Turn | null = null;
  for (const turn of await store.turnsFrom({ processor: nameOf(town.partition), number: snapshot.turn })) {
    if (turn.number > snapshot.turn) {
      const entries: Entry[] = [];
      for await (const entry of entriesBetween(store, previous?.cut ?? {}, turn.cut, town.partition))
        entries.push(entry);
      await concluded(turn, takeTurn(town, turn, previous, entries).conclusions);
    }
    previous = turn;
  }
  return previous;
}

export type Replayed = {
  /** The occurrence keys of all findings, with their households, sorted. */
  readonly keys: readonly string[];
  /** Each household's final state, as JSON. */
  readonly states: Readonly<Record<string, string>>;
};

/** Replays a journal beside the running system: from a snapshot, or (null) from the first turn, if all of them have been kept. */
export async function replay(
  store: Memory,
  partition: Partition,
  known: {
    readonly households: readonly WatchedHousehold[];
    readonly rules: readonly AnyRule[];
    readonly decode: Decode;
  },
  snapshot: Snapshot | null,
): Promise<Replayed> {
  const town = newTown(ruleset(known.rules), known.decode, partition);
  for (const household of known.households) registerIn(town, household);
  const keys: string[] = [];
  await replayFrom(store, town, snapshot ?? { turn: 0, documents: [] }, (_, conclusions) => {
    for (const it of conclusions) {
      if ('finding' in it) keys.push(`${it.finding.householdId} ${it.finding.occurrenceKey}`);
    }
  });
  return { keys: keys.sort(), states: statesOf(town) };
}

export const statesOf = (town: Town): Replayed['states'] =>
  Object.fromEntries(
    [...town.states]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([householdId, state]) => [householdId, JSON.stringify(state)]),
  );
