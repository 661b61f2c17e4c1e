import { LEASE_SILENCE_MS, type Lease } from '../store/lease.ts';

/** How long anybody may have left a free partition before even those take it who have their share. */
const LEFT_MS = 3_000;

const PARTITION = 'partition ';
const PROCESSOR = 'processor ';
export const partitionLease = (number: number): string => `${PARTITION}${number}`;
export const processorLease = (owner: string): string => `${PROCESSOR}${owner}`;

/** A lease, and since when it has stood as it is, by the watcher's monotonic clock. */
export type Watched = Lease & { readonly stillSince: number };

/** What was seen before, brought up to date: time counts from the last sign of life. */
export function watch(
  before: ReadonlyMap<string, Watched>,
  leases: readonly Lease[],
  now: number,
): Map<string, Watched> {
  return new Map(
    leases.map((lease) => {
      const known = before.get(lease.name);
      const still = known && known.renewal === lease.renewal && known.owner === lease.owner;
      return [lease.name, { ...lease, stillSince: still ? known.stillSince : now }];
    }),
  );
}

const isSilent = ({ stillSince }: Watched, now: number): boolean => now - stillSince >= LEASE_SILENCE_MS;

/** Those who can work, in an order that all of them see alike. */
function processorsAlive(watched: ReadonlyMap<string, Watched>, owner: string, now: number): string[] {
  const others = [...watched.values()]
    .filter((lease) => lease.name.startsWith(PROCESSOR) && lease.owner !== owner && !isSilent(lease, now))
    .map((lease) => lease.owner);
  return [owner, ...others.filter((other) => other !== '')].sort();
}

export type Moves = { readonly take: readonly number[]; readonly release: readonly number[] };

/**
 * What one processor is to do so that every partition is worked on and all have their share: take what nobody holds, and give up what
 * is too much while somebody else has too little. What is our own by name and not held is from our life before: nobody else will take it.
 */
export function moves(
  watched: ReadonlyMap<string, Watched>,
  { owner, held, partitions, now }: { owner: string; held: ReadonlySet<number>; partitions: number; now: number },
): Moves {
  const alive = processorsAlive(watched, owner, now);
  const share = Math.floor(partitions / alive.length) + (alive.indexOf(owner) < partitions % alive.length ? 1 : 0);
  const take: number[] = [];
  for (let number = 0; number < partitions; number++) {
    if (held.has(number)) continue;
    const lease = watched.get(partitionLease(number));
    const free = !lease || lease.owner === '' || lease.owner === owner || isSilent(lease, now);
    if (!free) continue;
    const freeFor = lease ? now - lease.stillSince - (lease.owner === '' ? 0 : LEASE_SILENCE_MS) : 0;
    if (held.size + take.length < share || freeFor >= LEFT_MS) take.push(number);
  }
  const tooMany = take.length === 0 ? Math.max(0, held.size - share) : 0;
  return { take, release: [...held].sort((a, b) => b - a).slice(0, tooMany) };
}
