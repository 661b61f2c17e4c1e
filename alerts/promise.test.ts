import { expect, test } from 'vitest';
import { minutes, seconds } from '../domain/time.ts';
import type { Incident } from '../store/audit.ts';
import { findingsOf, recoveriesOf } from './auditor.ts';
import { brokenPromises, promises, type Seen } from './promise.ts';
import { NIGHT } from './test-telling.ts';

const alive = { broker: NIGHT, ingest: NIGHT, alerts: NIGHT, web: NIGHT };
const well: Seen = {
  ...{ overdueAlerts: 0, doubledAlerts: 0, overdueNotices: 0, untoldEmergencies: 0 },
  ...{ connectedHubs: 1_000, lastCommitAt: NIGHT, unreadSince: null },
  ...{ beats: alive, instances: [], incidents: [], machine: '' },
  ...{ now: NIGHT, diskUsed: 0.5, ballastReleased: false, clockSteppedMs: 0 },
};

const brokenIn = (seen: Partial<Seen>) => brokenPromises({ ...well, ...seen }).map(({ promise }) => promise.name);

test('while all goes well nothing is broken', () => {
  expect(brokenIn({})).toEqual([]);
});

test.each<[Partial<Seen>, string[]]>([
  [{ overdueAlerts: 1 }, ['deadlines']],
  [{ untoldEmergencies: 1 }, ['emergencies_told']],
  [{ overdueNotices: 1 }, ['notices']],
  [{ doubledAlerts: 1 }, ['one_alert']],
  [{ lastCommitAt: NIGHT - minutes(16) }, ['intake']],
  [{ lastCommitAt: NIGHT - minutes(16), connectedHubs: 3 }, []],
  [{ lastCommitAt: null }, ['intake']],
  [{ unreadSince: NIGHT - seconds(60) }, []],
  [{ unreadSince: NIGHT - seconds(61) }, ['processor']],
  [{ beats: { ...alive, alerts: NIGHT - seconds(16) } }, ['role_alerts']],
  [{ beats: { ...alive, alerts: NIGHT - seconds(15) } }, []],
  [{ beats: {} }, ['role_broker', 'role_ingest', 'role_alerts', 'role_web']],
  [{ diskUsed: 0.8 }, ['disk_80']],
  [{ diskUsed: 0.9 }, ['disk_90', 'disk_80']],
  [{ diskUsed: 0.7, ballastReleased: true }, ['ballast']],
  [{ clockSteppedMs: -2_001 }, ['clock']],
  [{ clockSteppedMs: 2_000 }, []],
])('seeing %o, it finds broken: %o', (seen, names) => {
  expect(brokenIn(seen)).toEqual(names);
});

test('what a full disk or a set clock says stops no heartbeat before help is at risk', () => {
  expect(promises.filter((promise) => !promise.grave).map((promise) => promise.name)).toEqual(['disk_80', 'clock']);
});

test('every promise is one incident of its own, said in both languages', () => {
  expect(new Set(promises.map((promise) => promise.name)).size).toBe(promises.length);
  for (const promise of promises) {
    const { zh, en } = promise.says(90_000);
    expect(zh).toMatch(/\p{Script=Han}/u);
    expect(en).not.toMatch(/\p{Script=Han}/u);
  }
});

const broken = brokenPromises({ ...well, overdueAlerts: 2 });
const incident = (minutesAgo: number, healed = false): Incident => ({
  promise: 'deadlines',
  ...{ alertId: 'a', open: true, occurrences: 1 },
  lastSeenAt: NIGHT - minutes(minutesAgo),
  healed,
});

test.each<[string, Incident[], number]>([
  ['is new', [], 1],
  ['goes on since a moment ago', [incident(1)], 0],
  ['goes on since an hour ago', [incident(60)], 1],
  ['was over and came back', [incident(2, true)], 1],
  ['flickers', [incident(0.5, true)], 0],
])('what %s is said so many times: %#', (_, incidents, times) => {
  expect(findingsOf(broken, incidents, NIGHT)).toHaveLength(times);
});

test('what holds again is noted once', () => {
  const after = (incidents: Incident[]): Seen => ({ ...well, incidents });
  expect(recoveriesOf([], after([incident(1)]))).toHaveLength(1);
  expect(recoveriesOf([], after([incident(1, true)]))).toEqual([]);
  expect(recoveriesOf(broken, after([incident(1)]))).toEqual([]);
});

const beat = (instance: string, secondsAgo: number) => ({ role: 'broker', instance, at: NIGHT - seconds(secondsAgo) });

test.each<[string, Seen['instances'], string[]]>([
  ['one of two is silent', [beat('a', 31), beat('b', 1)], ['instance broker a']],
  ['one of two is late', [beat('a', 30), beat('b', 1)], []],
  ['all of a role are silent', [beat('a', 31), beat('b', 31)], []],
  ['the only one is silent', [beat('a', 31)], []],
  [
    'an auditor was killed',
    [
      { ...beat('a', 31), role: 'auditor' },
      { ...beat('b', 1), role: 'auditor' },
    ],
    [],
  ],
])('when %s, that is missed by its own name: %#', (_, instances, names) => {
  expect(brokenIn({ instances })).toEqual(names);
});

test('an instance that beats again, or is no longer listed, is missed no more', () => {
  const missed = { ...incident(1), promise: 'instance broker a' };
  const recovered = (instances: Seen['instances']) => {
    const seen = { ...well, instances, incidents: [missed] };
    return recoveriesOf(brokenPromises(seen), seen).length;
  };
  expect([[beat('a', 31), beat('b', 1)], [beat('a', 1), beat('b', 1)], [beat('b', 1)]].map(recovered)).toEqual([
    0, 1, 1,
  ]);
});

test("a machine's disk is its own matter: no other machine says that it is well again", () => {
  expect(brokenIn({ diskUsed: 0.8, machine: 'east 1' })).toEqual(['disk_80 east 1']);
  const seen = { ...well, machine: 'west 2', incidents: [{ ...incident(1), promise: 'disk_80 east 1' }] };
  expect(recoveriesOf([], seen)).toEqual([]);
});

test('two auditors that see the same say it with one key, and the next time with another', () => {
  const keys = (incidents: Incident[], now = NIGHT) => findingsOf(broken, incidents, now).map((it) => it.occurrenceKey);
  expect(keys([])).toEqual(keys([], NIGHT + 100));
  expect(keys([incident(60)])).toEqual(keys([incident(60)], NIGHT + 100));
  const closed = { ...incident(60), open: false };
  expect(new Set([keys([]), keys([incident(60)]), keys([{ ...closed, occurrences: 2 }])].flat()).size).toBe(3);
});
