import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { engines } from '../test/memory.ts';
import type { AlarmState } from './alarm-state.ts';
import type { Claim, Claimed } from './hub-link.ts';
import { type OpenStore, openStoreHere } from './open.ts';
import { segmentWriter } from './segment.ts';

describe.each(engines)('who holds a hub, on $name', (engine) => {
  if (engine.unavailable) return test.skip(engine.unavailable);
  let started: Awaited<ReturnType<typeof engine.start>>;
  let open: OpenStore;
  beforeAll(async () => {
    started = await engine.start();
  });
  afterAll(async () => {
    await open.close();
    await started.stop();
  });
  beforeEach(async () => {
    await open?.close();
    open = await openStoreHere(await started.database());
  });

  let first = 0;
  const commit = (stream: string, claims: readonly Claim[], alarmStates: readonly AlarmState[] = []) => {
    const writer = segmentWriter();
    writer.add({ kind: 'beat', receivedAt: 1, monotonicAt: 1 });
    const nothing = { findings: [], catalogues: [], unreadable: [] };
    return { stream, first: ++first, count: 1, at: 1, bytes: writer.take(), ...nothing, alarmStates, claims };
  };
  const claims = (frontEnd: string, ...made: readonly Claim[]): Promise<readonly Claimed[]> =>
    open.store.commitSegment(commit(frontEnd, made));
  const left = (frontEnd: string): Promise<Claim[]> => open.store.hubsThatLeft({ frontEnd, limit: 10 });
  const smoke = (active: boolean, at: number): AlarmState => ({
    hubId: 'h',
    device: 'kitchen',
    kind: 'smoke',
    active,
    at,
  });

  test('is the front end that it connected to last; the one before is told until it has let go', async () => {
    expect(await claims('a', { hubId: 'h', epoch: 10 })).toEqual([{ hubId: 'h', epoch: 10, moved: null }]);
    expect(await claims('a', { hubId: 'h', epoch: 11 })).toEqual([{ hubId: 'h', epoch: 11, moved: null }]);
    expect(await left('a')).toEqual([]);
    expect(await claims('b', { hubId: 'h', epoch: 20 })).toMatchObject([{ epoch: 20, moved: { alarmStates: [] } }]);
    expect(await left('a')).toEqual([{ hubId: 'h', epoch: 20 }]);
    expect(await left('b')).toEqual([]);
    // What was read of an older connection lets go of that one only.
    await open.store.letGoOfHubs({ frontEnd: 'a', hubs: [{ hubId: 'h', epoch: 19 }] });
    expect(await left('a')).toHaveLength(1);
    await open.store.letGoOfHubs({ frontEnd: 'a', hubs: [{ hubId: 'h', epoch: 20 }] });
    expect(await left('a')).toEqual([]);
  });

  test('is the later one though its clock is behind, and one that came back is told of nothing', async () => {
    await claims('ahead', { hubId: 'h', epoch: 1_000 });
    expect(await claims('behind', { hubId: 'h', epoch: 5 })).toMatchObject([{ epoch: 1_001 }]);
    expect(await left('ahead')).toEqual([{ hubId: 'h', epoch: 1_001 }]);
    expect(await claims('ahead', { hubId: 'h', epoch: 1_001 })).toMatchObject([{ epoch: 1_002 }]);
    expect(await left('ahead')).toEqual([]);
    expect(await left('behind')).toEqual([{ hubId: 'h', epoch: 1_002 }]);
  });

  test('brings with it what the hub and its alarms have said meanwhile; what was true before does not come over it', async () => {
    await open.store.commitSegment(commit('a', [{ hubId: 'h', epoch: 1 }], [smoke(true, 100)]));
    const catalogue = {
      kitchen: { model: 'm', vendor: 'v', power: 'battery', address: '0x1', properties: {} },
    } as const;
    await open.store.keepAside({ alarmStates: [], catalogues: [{ hubId: 'h', catalogue }], unreadable: [] });
    await open.store.commitSegment(commit('a', [], [smoke(false, 50)]));
    const [claimed] = await claims('b', { hubId: 'h', epoch: 2 }, { hubId: 'other', epoch: 2 });
    expect(claimed?.moved).toEqual({ alarmStates: [smoke(true, 100)], catalogue });
    await open.store.commitSegment(commit('a', [], [smoke(false, 100)]));
    expect(await open.store.alarmStates(null)).toEqual([smoke(false, 100)]);
  });

  test('asked again, a commit claims nothing anew, and answers as it did', async () => {
    await claims('a', { hubId: 'h', epoch: 30 });
    const asked = commit('b', [{ hubId: 'h', epoch: 7 }]);
    expect(await open.store.commitSegment(asked)).toMatchObject([{ epoch: 31, moved: {} }]);
    expect(await open.store.commitSegment(asked)).toMatchObject([{ epoch: 31, moved: {} }]);
    await claims('c', { hubId: 'h', epoch: 40 });
    expect(await open.store.commitSegment(asked)).toMatchObject([{ epoch: 7 }]);
    expect(await left('b')).toEqual([{ hubId: 'h', epoch: 40 }]);
  });

  test('is known of ten thousand at once, and of front ends that claim the same at the same time', async () => {
    const many = Array.from({ length: 10_000 }, (_, n) => ({ hubId: `h${n}`, epoch: 1 }));
    expect(await claims('a', ...many)).toHaveLength(10_000);
    const [b, c] = await Promise.all([claims('b', ...many), claims('c', ...many.toReversed())]);
    expect(b).toHaveLength(10_000);
    expect(c).toHaveLength(10_000);
    const told = [...(await left('a')), ...(await left('b')), ...(await left('c'))];
    expect(told).toHaveLength(10);
  });
});
