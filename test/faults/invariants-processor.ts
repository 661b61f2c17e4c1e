import { SYSTEM_HOUSEHOLD } from '../../domain/household.ts';
import { supervision } from '../../domain/hub.ts';
import type { Snapshot } from '../../ingest/checkpoint.ts';
import { decode } from '../../ingest/decoders/registry.ts';
import { nameOf, type Replayed, readSnapshot, replay } from '../../ingest/replay.ts';
import { rules } from '../../ingest/rules/registry.ts';
import type { Store } from '../../store/commands.ts';
import type { Partition } from '../../store/partition.ts';
import type { Turn } from '../../store/processor.ts';
import type { Db } from '../../store/schema.ts';
import type { WatchedHousehold } from '../../store/watched-household.ts';
import { sentence } from './against.ts';

const HOUSEHOLDS_AT_ONCE = 5_000;

async function partitionsOf(store: Store): Promise<Partition[]> {
  const of = await store.partitions(null);
  return Array.from({ length: of }, (_, number) => ({ number, of }));
}

/** What every processor has kept at this moment, to replay from later. */
export async function snapshotsOf(store: Store): Promise<readonly Snapshot[]> {
  const snapshots: Snapshot[] = [];
  for (const partition of await partitionsOf(store)) snapshots.push(await readSnapshot(store, nameOf(partition)));
  return snapshots;
}

async function householdsOf(store: Store, partition: Partition): Promise<WatchedHousehold[]> {
  const found: WatchedHousehold[] = [];
  for (let revision = 0; ; ) {
    const page = await store.householdsSince({ revision, limit: HOUSEHOLDS_AT_ONCE, partition });
    found.push(...page.households.filter(({ householdId }) => householdId !== SYSTEM_HOUSEHOLD));
    if (page.households.length === 0) return found;
    revision = page.revision;
  }
}

/** Turns of one processor follow each other without a gap, and neither time nor what was read of a stream ever goes back. */
export function turnsOnlyGoOn(processor: string, turns: readonly Turn[]): string[] {
  const wrong = turns.flatMap((turn, i) => {
    const before = turns[i - 1];
    if (!before) return [];
    const back = Object.entries(before.cut).filter(([stream, number]) => (turn.cut[stream] ?? 0) < number);
    const follows = turn.number === before.number + 1 && turn.at >= before.at && back.length === 0;
    return follows ? [] : [`turn ${turn.number} after ${before.number}`];
  });
  return sentence(`turns of processor ${processor} do not follow the one before`, wrong);
}

function differences(of: string, fromZero: Replayed, other: Replayed): string[] {
  const homes = new Set([...Object.keys(fromZero.states), ...Object.keys(other.states)]);
  const differ = [...homes].filter((id) => fromZero.states[id] !== other.states[id]);
  return sentence(`states differ between a replay from the first turn and one from ${of}`, differ);
}

/** Nothing was concluded that a replay does not conclude, and nothing that it does is missing. */
async function keysAgainst(db: Db, replayed: readonly Replayed[]): Promise<string[]> {
  const concluded = new Set(replayed.flatMap(({ keys }) => keys));
  const rows = await db
    .selectFrom('occurrence')
    .select(['household_id', 'key'])
    .where('household_id', '<>', SYSTEM_HOUSEHOLD)
    .execute();
  const known = new Set(rows.map((row) => `${row.household_id} ${row.key}`));
  const system = `${SYSTEM_HOUSEHOLD} `;
  return [
    ...sentence(
      'causes are on disk that a replay does not conclude',
      [...known].filter((key) => !concluded.has(key)),
    ),
    ...sentence(
      'causes that a replay concludes are not on disk',
      [...concluded].filter((key) => !key.startsWith(system) && !known.has(key)),
    ),
  ];
}

/**
 * Once all has been dealt with: a replay from the first turn comes to the states that are on disk and to those that it comes to from
 * earlier snapshots, byte for byte, and to the alerts' causes. Every turn and all of the journal must still be there.
 */
export async function replaysTheSame(store: Store, db: Db, earlier: readonly (readonly Snapshot[])[]) {
  const says: string[] = [];
  const replayed: Replayed[] = [];
  let turns = 0;
  for (const partition of await partitionsOf(store)) {
    const taken = await store.turnsFrom({ processor: nameOf(partition), number: 0 });
    turns += taken.length;
    says.push(...turnsOnlyGoOn(nameOf(partition), taken));
    const known = { households: await householdsOf(store, partition), rules, decode };
    const fromZero = await replay(store, partition, known, null);
    replayed.push(fromZero);
    const kept = await readSnapshot(store, nameOf(partition));
    says.push(...differences('what is on disk', fromZero, await replay(store, partition, known, kept)));
    for (const [n, snapshots] of earlier.entries()) {
      const snapshot = snapshots[partition.number];
      if (!snapshot) continue;
      const again = await replay(store, partition, known, snapshot);
      says.push(...differences(`snapshot ${n + 1}, at turn ${snapshot.turn}`, fromZero, again));
    }
  }
  says.push(...(await keysAgainst(db, replayed)));
  return { turns, states: replayed.reduce((sum, { states }) => sum + Object.keys(states).length, 0), says };
}

/** However often Shouwang was out: no hub that came back at once was called lost, up to when they all hung up. */
export async function ownOutageLosesNoHub(db: Db, hungUpAt: number): Promise<string[]> {
  const lost = await db
    .selectFrom('alert')
    .select('id')
    .where('category', '=', 'hub_lost')
    .where('raised_at', '<', hungUpAt + supervision.hub.mains)
    .execute();
  return sentence(
    'hubs were called lost that were only waiting for us',
    lost.map(({ id }) => id),
  );
}
