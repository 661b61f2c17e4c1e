import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../domain/finding.ts';
import { engines, temporaryFolder } from '../test/memory.ts';
import type { SegmentCommit } from './journal.ts';
import { tryLock, waitForLock } from './lock.ts';
import { openStore, openStoreHere } from './open.ts';
import { segmentEntries, segmentWriter } from './segment.ts';

const T0 = Date.UTC(2026, 10, 22, 18, 10);

function segment(first: number, topics: readonly string[], extra: Partial<SegmentCommit> = {}): SegmentCommit {
  const writer = segmentWriter();
  for (const topic of topics) {
    writer.add({
      kind: 'packet',
      hubId: 'hub-1',
      topic,
      payload: Buffer.from('{}'),
      qos: 1,
      retain: false,
      receivedAt: T0,
      monotonicAt: 1,
    });
  }
  const nothing = { findings: [], alarmStates: [], catalogues: [], unreadable: [] };
  return { stream: 's', first, count: topics.length, at: T0, bytes: writer.take(), ...nothing, ...extra };
}

const sos = (key: string): Finding => ({
  householdId: 'home-1',
  category: 'sos',
  about: { hubId: 'hub-1', device: 'button' },
  rule: 'critical',
  occurrenceKey: key,
  at: T0,
  delayMs: 0,
  sentence: { zh: '按下了紧急按钮', en: 'The emergency button was pressed' },
  evidence: { readings: [], numbers: {} },
});

describe.each(engines)('the store on $name', (engine) => {
  if (engine.unavailable) return test.skip(engine.unavailable);
  let started: Awaited<ReturnType<typeof engine.start>>;
  beforeAll(async () => {
    started = await engine.start();
  });
  afterAll(() => started.stop());

  test('two starters bring an empty database to the same schema without disturbing each other', async () => {
    const url = await started.database();
    const opened = await Promise.all([openStoreHere(url), openStoreHere(url), openStoreHere(url)]);
    for (const { store, close } of opened) {
      expect(await store.streamHeads(null)).toEqual({});
      await close();
    }
  });

  test('a segment is read back from any number within it', async () => {
    const { store, close } = await openStoreHere(await started.database());
    await store.commitSegment(segment(1, ['a', 'b', 'c']));
    await store.commitSegment(segment(4, ['d', 'e']));
    expect(await store.streamHeads(null)).toEqual({ s: 5 });
    const segmentsFrom = async (number: number) =>
      (await store.segmentsAfter({ stream: 's', after: number, limit: 10 })).map(({ first, bytes }) => [
        first,
        [...segmentEntries(bytes)].length,
      ]);
    expect(await segmentsFrom(0)).toEqual([
      [1, 3],
      [4, 2],
    ]);
    expect(await segmentsFrom(2)).toEqual([
      [1, 3],
      [4, 2],
    ]);
    expect(await segmentsFrom(3)).toEqual([[4, 2]]);
    expect(await segmentsFrom(5)).toEqual([]);
    await close();
  });

  test('a packet of an SOS and its alert are one commit: neither is there without the other', async () => {
    const { store, close } = await openStoreHere(await started.database());
    await store.commitSegment(segment(1, ['a']));
    // The numbers are taken already: the whole commit fails, its alert too.
    await expect(store.commitSegment(segment(1, ['again'], { findings: [sos('k1')] }))).rejects.toThrow();
    expect(await store.nextDue(null)).toBeNull();
    await store.commitSegment(segment(2, ['b'], { findings: [sos('k1')] }));
    expect(await store.nextDue(null)).toBe(T0 + 60_000);
    await close();
  });

  test('the same cause raises once, a second cause is an occurrence of the open alert', async () => {
    const { store, close } = await openStoreHere(await started.database());
    const [first] = await store.raise({ findings: [sos('k1')], now: T0 });
    expect(await store.raise({ findings: [sos('k1')], now: T0 + 1 })).toEqual([]);
    expect(await store.raise({ findings: [sos('k2')], now: T0 + 2 })).toMatchObject([
      { id: first!.id, occurrences: 2 },
    ]);
    await store.act({
      alertId: first!.id,
      action: { kind: 'close', disposition: 'accidental', text: '' },
      by: 'u',
      seenVersion: 2,
      now: T0 + 3,
    });
    expect(await store.raise({ findings: [sos('k2')], now: T0 + 4 })).toEqual([]);
    const [next] = await store.raise({ findings: [sos('k3')], now: T0 + 5 });
    expect(next!.id).not.toBe(first!.id);
    await close();
  });

  test('a group commit goes before what waits in the writer already', async () => {
    if (engine.name !== 'SQLite') return;
    const { store, close } = await openStore(await started.database());
    const order: string[] = [];
    const slow = Array.from({ length: 50 }, (_, i) =>
      store.raise({ findings: [sos(`k${i}`)], now: T0 }).then(() => order.push('raise')),
    );
    const commit = store.commitSegment(segment(1, ['a'])).then(() => order.push('commit'));
    await Promise.all([...slow, commit]);
    expect(order.indexOf('commit')).toBeLessThan(45);
    await close();
  });

  test('what has been written and not been read is seen of any number of streams', async () => {
    const { store, close } = await openStoreHere(await started.database());
    const streams = engine.name === 'SQLite' ? 501 : 10;
    for (let n = 1; n <= streams; n++) await store.commitSegment(segment(1, ['a'], { stream: `s${n}`, at: T0 + n }));
    expect(await store.facts({ now: T0 })).toMatchObject({ lastCommitAt: T0 + streams, unreadSince: T0 + 1 });
    await close();
  });

  test('group commits that never rest leave the others a turn', async () => {
    if (engine.name !== 'SQLite') return;
    const { store, close } = await openStore(await started.database());
    let commits = 0;
    let ended = false;
    const lane = async (stream: string) => {
      for (let first = 1; !ended; first++, commits++) await store.commitSegment(segment(first, ['a'], { stream }));
    };
    const lanes = Array.from({ length: 8 }, (_, n) => lane(`s${n}`));
    const passed: number[] = [];
    for (let n = 0; n < 20; n++) {
      const before = commits;
      await store.raise({ findings: [sos(`k${n}`)], now: T0 });
      passed.push(commits - before);
    }
    ended = true;
    expect(Math.max(...passed)).toBeLessThan(40);
    await Promise.all(lanes);
    await close();
  });
});

test('a lock is held against other threads and falls when its holder dies', async () => {
  const folder = temporaryFolder();
  const file = `${folder.path}/role.lock`;
  const holder = new Worker(
    `const { parentPort } = require('node:worker_threads');
     import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)}).then(({ tryLock }) => { tryLock(${JSON.stringify(file)}); parentPort.postMessage('held'); });
     setInterval(() => {}, 1000);`,
    { eval: true },
  );
  await new Promise((resolve) => holder.once('message', resolve));
  expect(tryLock(file)).toBeNull();
  await holder.terminate();
  const release = await waitForLock(file, 5_000);
  expect(release).not.toBeNull();
  release!();
  folder.remove();
});
