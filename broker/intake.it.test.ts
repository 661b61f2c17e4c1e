import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Finding } from '../domain/finding.ts';
import type { Packet } from '../domain/packet.ts';
import type { Catalogue } from '../domain/reading.ts';
import { movedClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { openMetrics } from '../runtime/metrics.ts';
import type { AdmittedHub } from '../store/hub.ts';
import type { SegmentCommit } from '../store/journal.ts';
import { type OpenStore, openStoreHere } from '../store/open.ts';
import { slotOf } from '../store/partition.ts';
import { segmentEntries, wantedEntries } from '../store/segment.ts';
import { journalOf, nothingMeant, registered } from './doors/standing-door.ts';
import { type Intake, type IntakeOptions, startIntake } from './intake.ts';
import type { Judgement } from './judgement.ts';

let folder: string;
let open: OpenStore;
let hub: AdmittedHub;
let commits: SegmentCommit[];
let written: number;
let nudged: string[];
let held: Promise<void> = Promise.resolve();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shouwang-intake-'));
  open = await openStoreHere(join(folder, 'intake.db'));
  await registered(open.store, ['hub-a']);
  const { hubs } = await open.store.hubsSince({ revision: 0, limit: 1 });
  hub = hubs[0]!;
  commits = [];
  nudged = [];
  held = Promise.resolve();
});
afterEach(async () => {
  await open.close();
  rmSync(folder, { recursive: true, force: true });
});

/** An intake whose first beat is on disk. */
async function start(options: Partial<IntakeOptions> = {}): Promise<Intake> {
  written = 0;
  const intake = await startIntake({
    store: {
      ...open.store,
      async commitSegment(commit) {
        commits.push(commit);
        await held;
        const kept = await open.store.commitSegment(commit);
        written += 1;
        return kept;
      },
    },
    clock: movedClock(1_700_000_000_000),
    judge: () => nothingMeant,
    inPlainWords,
    learn: () => {},
    stream: 's',
    metrics: openMetrics(),
    log: silentLog,
    nudge: { send: (subject) => nudged.push(subject) },
    fatal: (error) => {
      throw error;
    },
    ...options,
  });
  await vi.waitUntil(() => options.store || written >= 2, { interval: 1 });
  commits = [];
  nudged = [];
  return intake;
}
/** What the ingest hands in, in short. */
const inPlainWords = (finding: Finding): Finding => ({ ...finding, sentence: { zh: '紧急', en: 'An emergency' } });

const packet = (
  payload: string | Buffer,
  topic = 'sw/hub-a/up',
): Pick<Packet, 'topic' | 'payload' | 'qos' | 'retain'> => ({
  topic,
  payload: Buffer.from(payload),
  qos: 1,
  retain: false,
});

const sos = (key: string): Finding => ({
  householdId: hub.householdId,
  category: 'sos',
  about: { hubId: hub.hubId, device: 'button' },
  rule: 'critical',
  occurrenceKey: key,
  at: 1,
  delayMs: 0,
  sentence: { zh: '按下了紧急按钮', en: 'The emergency button was pressed' },
  evidence: { readings: [], numbers: {} },
});

describe('the intake', () => {
  test('numbers its two streams without gaps, over packets and link changes, commits and restarts', async () => {
    const numbers: number[] = [];
    const judge: IntakeOptions['judge'] = ({ payload }, position) => {
      expect(position.stream).toBe('s critical');
      const critical = Buffer.from(payload).toString().startsWith('!');
      if (critical) numbers.push(position.number);
      return { ...nothingMeant, critical };
    };
    const first = await start({ judge });
    void first.claim(7, hub);
    await Promise.all(['1', '!2', '3', '!4'].map((text) => first.accept(packet(text), hub)));
    first.link({ kind: 'down', epoch: 7 }, hub);
    await first.stop();
    const second = await start({ judge });
    await Promise.all(['!5', '6'].map((text) => second.accept(packet(text), hub)));
    await second.stop();
    // A beat is the first of each start.
    expect(numbers).toEqual([2, 3, 5]);
    const said = async (stream: string) =>
      (await journalOf(open.store, stream)).map((it) =>
        it.kind === 'packet' ? Buffer.from(it.payload).toString() : it.kind,
      );
    expect(await said('s')).toEqual(['up', '1', '3', 'down', '6']);
    expect(await said('s critical')).toEqual(['!2', '!4', '!5']);
    expect((await journalOf(open.store, 's'))[0]).toEqual({
      kind: 'up',
      hubId: hub.hubId,
      epoch: 7,
      receivedAt: 1_700_000_000_000,
      monotonicAt: 1_700_000_000_000,
    });
  });

  test('lets an emergency wait for none of what came before it', async () => {
    let release = (): void => {};
    const stuck = new Promise<void>((resolve) => (release = resolve));
    const intake = await start({
      judge: ({ payload }) => ({ ...nothingMeant, critical: String(payload).startsWith('!') }),
      store: {
        ...open.store,
        async commitSegment(commit) {
          if (commit.stream === 's') await stuck;
          return open.store.commitSegment(commit);
        },
      },
    });
    let answered = 0;
    const others = Array.from({ length: 12_000 }, (_, n) => intake.accept(packet(`${n}`), hub).then(() => answered++));
    await Promise.all([intake.accept(packet('!1'), hub), intake.accept(packet('!2'), hub)]);
    expect(answered).toBe(0);
    release();
    await Promise.all(others);
    await intake.stop();
  });

  test('says of each entry whose it is, and beats for everybody: first of all, and then however quiet it is', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const intake = await start();
    void intake.claim(7, hub);
    await intake.accept(packet('1'), hub);
    await vi.advanceTimersByTimeAsync(25_000);
    await intake.stop();
    vi.useRealTimers();
    const segments = await open.store.segmentsAfter({ stream: 's', after: 0, limit: 100 });
    const slots = new Set<number>();
    const nobodys = (slot: number): boolean => !slots.add(slot);
    const found = segments.flatMap(({ bytes }) => [...wantedEntries(bytes, nobodys)]);
    expect(found.map((it) => it?.kind ?? 'of a household')).toEqual([
      'beat',
      'of a household',
      'of a household',
      'beat',
      'beat',
    ]);
    expect([...slots]).toEqual([slotOf(hub.householdId)]);
  });

  test('a process that stands still between two readings of the clock is not taken for one that was started anew', async () => {
    const clock = movedClock(1_700_000_000_000);
    let stoodStillMs = 0;
    const monotonic = (): number => {
      clock.forward(stoodStillMs);
      stoodStillMs = 0;
      return clock.monotonic();
    };
    const intake = await start({ clock: { ...clock, monotonic } });
    await intake.accept(packet('1'), hub);
    stoodStillMs = 200;
    await intake.accept(packet('2'), hub);
    await intake.stop();
    const starts = (await journalOf(open.store, 's')).map(({ receivedAt, monotonicAt }) => receivedAt - monotonicAt);
    expect(starts).toEqual([0, 0]);
  });

  test('commits a life-critical finding with its packet, and answers after both', async () => {
    const acknowledge = { topic: 'sw/hub-a/down', payload: '{}' };
    const intake = await start({ judge: () => ({ ...nothingMeant, findings: [sos('k1')], acknowledge }) });
    expect(await intake.accept(packet('sos'), hub)).toEqual({ acknowledge });
    expect(commits).toHaveLength(1);
    expect(commits[0]).toMatchObject({ first: 2, count: 1, findings: [{ occurrenceKey: 'k1' }] });
    expect([...segmentEntries(commits[0]!.bytes)]).toHaveLength(1);
    expect(await open.store.nextDue(null)).not.toBeNull();
    expect(nudged).toEqual(['alerts', 'notices']);
    await intake.stop();
  });

  test('answers in the order of the calls, over many commits', async () => {
    const order: number[] = [];
    const intake = await start();
    let release = (): void => {};
    held = new Promise((resolve) => (release = resolve));
    const all = Array.from({ length: 45_000 }, (_, n) => intake.accept(packet(`${n}`), hub).then(() => order.push(n)));
    release();
    await Promise.all(all);
    expect(order).toEqual(all.map((_, n) => n));
    expect(commits.map(({ count }) => count)).toEqual(Array.from({ length: 9 }, () => 5_000));
    await intake.stop();
  });

  test('bounds a commit by bytes, and says when more waits than it should hold', async () => {
    const intake = await start();
    let release = (): void => {};
    held = new Promise((resolve) => (release = resolve));
    const large = Buffer.alloc(1_000_000);
    const waiting: Promise<unknown>[] = [];
    while (!intake.full()) waiting.push(intake.accept(packet(large), hub));
    expect(waiting).toHaveLength(68);
    release();
    await Promise.all(waiting);
    expect(intake.full()).toBe(false);
    expect(Math.max(...commits.map(({ count }) => count))).toBe(2);
    await intake.stop();
  });

  test('lets the next packet be read by the catalogue that the one before it brought', async () => {
    const catalogue: Catalogue = {
      door: { model: 'm', vendor: 'v', power: 'battery', address: '0x1', properties: {} },
    };
    const known: (Catalogue | null)[] = [];
    const intake = await start({
      judge: (it, _, speaker): Judgement => {
        known.push(speaker.catalogue);
        return { ...nothingMeant, catalogue: it.topic.endsWith('devices') ? catalogue : null };
      },
    });
    await Promise.all([
      intake.accept(packet('', 'zigbee2mqtt/bridge/devices'), hub),
      intake.accept(packet('', 'zigbee2mqtt/door'), hub),
    ]);
    expect(known).toEqual([null, catalogue]);
    expect(commits).toHaveLength(1);
    await intake.stop();
    expect((await open.store.hubsSince({ revision: 0, limit: 1 })).hubs[0]?.catalogue).toEqual(catalogue);
  });

  test('counts what cannot be read, in the commit that keeps it', async () => {
    const intake = await start({ judge: () => ({ ...nothingMeant, unreadable: { reason: 'not_json' } }) });
    await Promise.all([1, 2, 3].map((n) => intake.accept(packet(`{${n}`), hub)));
    expect(commits.flatMap(({ unreadable }) => unreadable)).toMatchObject([
      { count: 3, reason: 'not_json', sample: '{1' },
    ]);
    await intake.stop();
  });

  test('keeps the longest topic of characters that are none, and what others say beside it', async () => {
    const intake = await start();
    const topics = ['\0', '\ufffd', 'x'].map((one) => `sw/${one.repeat(65_000)}/emergency`);
    await Promise.all(topics.map((topic) => intake.accept(packet('1', topic), hub)));
    await intake.stop();
    const found = (await journalOf(open.store, 's')).map((entry) => (entry.kind === 'packet' ? entry.topic : ''));
    expect(found).toEqual(['?', '?', 'x'].map((one) => `sw/${one.repeat(65_000)}/emergency`));
  });

  test('keeps and answers a packet over which its judge stumbles, and counts it', async () => {
    const intake = await start({
      judge: () => {
        throw new Error('a mistake of ours');
      },
    });
    await intake.accept(packet('x'), hub);
    expect(await journalOf(open.store, 's critical')).toHaveLength(1);
    expect(commits[0]?.unreadable).toMatchObject([{ reason: 'judge_failed' }]);
    await intake.stop();
  });

  test('ends everything when the disk is lost: nothing of it is answered, and nothing after it is taken', async () => {
    const lost = Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' });
    const answered: number[] = [];
    const ended = Promise.withResolvers<Error>();
    const intake = await start({
      store: { ...open.store, commitSegment: () => Promise.reject(lost) },
      fatal: ended.resolve,
    });
    for (const n of [1, 2]) void intake.accept(packet('x'), hub).then(() => answered.push(n));
    expect((await ended.promise).cause).toBe(lost);
    await expect(intake.accept(packet('x'), hub)).rejects.toThrow('ended');
    await intake.stop();
    expect(answered).toEqual([]);
  });

  test('stops when all that it took is on disk', async () => {
    const intake = await start();
    let release = (): void => {};
    held = new Promise((resolve) => (release = resolve));
    let answered = false;
    void intake.accept(packet('x'), hub).then(() => {
      answered = true;
    });
    const stopped = intake.stop();
    release();
    await stopped;
    expect(answered).toBe(true);
    await expect(intake.accept(packet('y'), hub)).rejects.toThrow('ended');
    expect(await journalOf(open.store, 's')).toHaveLength(1);
  });
});
