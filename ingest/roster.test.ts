import { describe, expect, it } from 'vitest';
import type { Lease } from '../store/lease.ts';
import { moves, partitionLease, processorLease, type Watched, watch } from './roster.ts';

const PARTITIONS = 8;

/** Processors over one table of leases, with a monotonic clock that all of them share; each sees it once a second and renews every other. */
function cluster() {
  const rows = new Map<string, Lease>();
  const members = new Map<string, { watched: Map<string, Watched>; held: Set<number>; stopped: boolean }>();
  let now = 0;

  const put = (name: string, owner: string) => {
    const row = rows.get(name);
    rows.set(name, { name, owner, fence: (row?.fence ?? 0) + 1, renewal: (row?.renewal ?? 0) + 1 });
  };
  const renew = (name: string, owner: string): boolean => {
    const row = rows.get(name);
    if (row?.owner !== owner) return false;
    rows.set(name, { ...row, renewal: row.renewal + 1 });
    return true;
  };

  function second(): void {
    now += 1_000;
    for (const [owner, member] of members) {
      if (member.stopped) continue;
      member.watched = watch(member.watched, [...rows.values()], now);
      if (!rows.has(processorLease(owner))) put(processorLease(owner), owner);
      const { take, release } = moves(member.watched, { owner, held: member.held, partitions: PARTITIONS, now });
      for (const number of take) {
        // Somebody may have been quicker since we looked.
        const seen = member.watched.get(partitionLease(number));
        if (rows.get(partitionLease(number))?.fence !== seen?.fence) continue;
        put(partitionLease(number), owner);
        member.held.add(number);
      }
      for (const number of release) {
        const row = rows.get(partitionLease(number));
        if (row) rows.set(row.name, { ...row, owner: '' });
        member.held.delete(number);
      }
      if (now % 2_000 !== 0) continue;
      renew(processorLease(owner), owner);
      for (const number of member.held) if (!renew(partitionLease(number), owner)) member.held.delete(number);
    }
  }

  return {
    join: (owner: string) => members.set(owner, { watched: new Map(), held: new Set(), stopped: false }),
    stop(owner: string, stopped = true) {
      members.get(owner)!.stopped = stopped;
    },
    pass(s: number) {
      for (let n = 0; n < s; n++) second();
    },
    shares: () => [...members.values()].map(({ held }) => held.size),
    working: () =>
      [...members.values()]
        .filter(({ stopped }) => !stopped)
        .flatMap(({ held }) => [...held])
        .sort(),
  };
}

const all = Array.from({ length: PARTITIONS }, (_, number) => number);

describe('partitions among processors', () => {
  it('are all taken by the first, at once', () => {
    const town = cluster();
    town.join('a');
    town.pass(1);
    expect(town.working()).toEqual(all);
  });

  it('are shared out within seconds when others come, however many', () => {
    const town = cluster();
    for (const owner of ['a', 'b', 'c']) {
      town.join(owner);
      town.pass(5);
      expect(town.working()).toEqual(all);
    }
    expect(town.shares().sort()).toEqual([2, 3, 3]);
    for (const owner of ['d', 'e', 'f', 'g', 'h', 'i', 'j']) town.join(owner);
    town.pass(10);
    expect(town.working()).toEqual(all);
    expect(Math.max(...town.shares())).toBe(1);
  });

  it('of one that stands still are others’ within twelve seconds, and one that goes on gets its share again', () => {
    const town = cluster();
    town.join('a');
    town.join('b');
    town.pass(10);
    expect(town.shares()).toEqual([4, 4]);
    town.stop('a');
    town.pass(12);
    expect(town.working()).toEqual(all);
    town.stop('a', false);
    town.pass(10);
    expect(town.shares()).toEqual([4, 4]);
    expect(town.working()).toEqual(all);
  });

  it('are taken on at once by the one whose they were before it died', () => {
    const rows: Lease[] = all.map((number) => ({ name: partitionLease(number), owner: 'a', fence: 3, renewal: 40 }));
    const watched = watch(new Map(), rows, 0);
    const seen = { held: new Set<number>(), partitions: PARTITIONS, now: 0 };
    expect(moves(watched, { ...seen, owner: 'a' }).take).toEqual(all);
    expect(moves(watched, { ...seen, owner: 'b' }).take).toEqual([]);
  });
});
