import { decode } from '../../ingest/decoders/registry.ts';
import { nameOf, readSnapshot, replay } from '../../ingest/replay.ts';
import { rules } from '../../ingest/rules/registry.ts';
import type { Store } from '../../store/commands.ts';
import { openStoreToRead } from '../../store/open.ts';
import type { Partition } from '../../store/partition.ts';

type Snapshots = ReadonlyMap<string, Awaited<ReturnType<typeof readSnapshot>>>;

export const partitionsOf = async (store: Pick<Store, 'partitions'>): Promise<Partition[]> => {
  const of = await store.partitions(null);
  return Array.from({ length: of }, (_, number) => ({ number, of }));
};

/** What each partition's processor has kept at this moment. */
export async function snapshotsOf(database: string): Promise<Snapshots> {
  const { store, close } = openStoreToRead(database);
  const snapshots = new Map();
  for (const partition of await partitionsOf(store)) {
    const name = nameOf(partition);
    snapshots.set(name, await readSnapshot(store, name));
  }
  await close();
  return snapshots;
}

/** Documents that are no household's. */
const isOwn = (name: string): boolean => name.includes(':');

/** Sentences on where a replay of the whole journal, and one from each earlier snapshot, differ from what a stopped system has kept. */
export async function replayDiffers(database: string, earlier: Snapshots): Promise<string[]> {
  const { store, close } = openStoreToRead(database);
  const { households } = await store.householdsSince({ revision: 0, limit: 100_000 });
  const known = { households, rules, decode };
  const differs: string[] = [];
  for (const partition of await partitionsOf(store)) {
    const name = nameOf(partition);
    const { documents } = await readSnapshot(store, name);
    const kept = documents.filter(({ householdId }) => !isOwn(householdId));
    for (const from of [null, earlier.get(name) ?? null]) {
      const { states } = await replay(store, partition, known, from);
      const others = kept.filter(({ householdId, state }) => states[householdId] !== state);
      const where = from ? `from turn ${from.turn}` : 'from zero';
      if (others.length > 0 || Object.keys(states).length !== kept.length)
        differs.push(`partition ${name} ${where}: ${others.length} of ${kept.length} households differ`);
    }
  }
  await close();
  return differs;
}
