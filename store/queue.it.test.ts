import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Category } from '../domain/category.ts';
import type { Finding } from '../domain/finding.ts';
import { household, ROOT_AREA, SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import { engines } from '../test/memory.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { HeldLease } from './lease.ts';
import { type OpenStore, openStoreHere } from './open.ts';
import { segmentWriter } from './segment.ts';

const T0 = Date.UTC(2026, 10, 22, 18, 10);
const MINUTE = 60_000;

describe.each(engines)('what consoles read on $name', (engine) => {
  if (engine.unavailable) return test.skip(engine.unavailable);
  let started: Awaited<ReturnType<typeof engine.start>>;
  let open: OpenStore;
  let north: string;
  let homes: { householdId: string; hubId: string }[];
  let lease: HeldLease;

  beforeAll(async () => {
    started = await engine.start();
  });
  afterAll(() => started.stop());
  beforeEach(async () => {
    open = await openStoreHere(await started.database());
    north = (await open.store.addArea({ area: { kind: 'station', parentId: ROOT_AREA, name: 'North' } })).id;
    const south = (await open.store.addArea({ area: { kind: 'station', parentId: ROOT_AREA, name: 'South' } })).id;
    const modes = ['live', 'live', 'commissioning'] as const;
    const answer = await open.store.register({
      registrations: [north, south, north].map((stationId, n) => ({
        stationId,
        household: household.omit({ id: true, stationId: true }).parse({ name: `Home ${n}`, mode: modes[n] }),
        residents: [],
        contacts: [],
        hub: { clientId: `hub-${n}`, ecosystem: 'shouwang', power: 'mains' },
        devices: [{ key: 'd', name: 'Old sensor', room: 'hall', class: 'motion' }],
      })),
      now: T0,
    });
    lease = { name: 'partition 0', owner: 'test', fence: 1 };
    await open.store.takeLease({ ...lease, seen: null });
    homes = (answer.registered ?? []).map((it) => ({ householdId: it.householdId, hubId: it.credential!.hubId }));
  });
  afterEach(() => open.close());

  let causes = 0;
  const finding = (home: number, category: Category, at: number, about?: Partial<Finding['about']>): Finding => ({
    householdId: homes[home]?.householdId ?? SYSTEM_HOUSEHOLD,
    category,
    about: { hubId: homes[home]?.hubId ?? '', device: 'd', ...about },
    rule: 'r',
    occurrenceKey: `k${++causes}`,
    at,
    delayMs: 0,
    sentence: { zh: '中', en: 'en' },
    evidence: { readings: [], numbers: {} },
  });
  const raised = async (it: Finding) => (await open.store.raise({ findings: [it], now: it.at }))[0]!;
  const queue = (areaId: string, state: 'open' | 'mine' | 'unclosed' | 'closed' = 'unclosed') =>
    open.store.queue({ scope: { areaId, householdId: null }, state, userId: 'u', limit: 100, now: T0 + MINUTE });

  test('the queue is in the order in which alerts should be taken, each with the words for where it is', async () => {
    await raised(finding(0, 'device_lost', T0));
    await raised(finding(0, 'hub_lost', T0, { device: '' }));
    await raised(finding(0, 'sos', T0 + 2));
    await raised(finding(1, 'smoke', T0 + 1));
    await raised(finding(-1, 'system', T0, { device: 'clock' }));
    const { alerts, counts } = await queue(ROOT_AREA);
    expect(alerts.map((it) => [it.category, it.stationName, it.subjectName])).toEqual([
      ['smoke', 'South', 'hall'],
      ['sos', 'North', ''],
      ['system', '守望', 'clock'],
      ['hub_lost', 'North', 'hub-0'],
      ['device_lost', 'North', 'hall · Old sensor'],
    ]);
    expect(counts).toEqual({ open: 5, taken: 0, attended: 0, closed: 0 });
    expect((await queue(north)).alerts.map((it) => it.category)).toEqual(['sos', 'hub_lost', 'device_lost']);
  });

  test('an alert is mine when I took it, and closed when it is closed', async () => {
    await open.store.addUser({
      user: { login: 'anna', name: '安娜', role: 'operator', areaId: north, householdId: null },
      linkHash: 'l',
      now: T0,
    });
    const [{ id: by } = { id: '' }] = await open.store.users({ scope: { areaId: north, householdId: null } });
    const sos = await raised(finding(0, 'sos', T0));
    const act = (kind: 'take' | 'close', now: number) =>
      open.store.act({
        alertId: sos.id,
        action: kind === 'take' ? { kind } : { kind, disposition: 'test', text: 'was a test' },
        by,
        seenVersion: 9,
        now,
      });
    await act('take', T0 + 1);
    const mine = await open.store.queue({
      scope: { areaId: north, householdId: null },
      state: 'mine',
      userId: by,
      limit: 9,
      now: T0,
    });
    expect(mine.alerts).toMatchObject([{ id: sos.id, takenByName: '安娜' }]);
    expect((await queue(north, 'open')).alerts).toEqual([]);
    await act('close', T0 + 2);
    expect(await queue(north, 'closed')).toMatchObject({ alerts: [{ id: sos.id }], counts: { closed: 1, taken: 0 } });
    expect(await open.store.alertRecord({ id: sos.id })).toMatchObject({
      alert: { id: sos.id, state: 'closed' },
      events: [
        { kind: 'raised', byName: null },
        { kind: 'taken', byName: '安娜' },
        { kind: 'closed', byName: '安娜', text: 'was a test' },
      ],
      occurrences: [{ at: T0 }],
      notices: [{ channel: 'console' }, { channel: 'console' }],
      deliveries: [],
    });
    expect(await open.store.alertRecord({ id: 'none' })).toBeNull();
  });

  test('news is what changed since, and the notices that consoles have to show: an emergency at once, the rest when the stages let it pass', async () => {
    await raised(finding(0, 'sos', T0));
    await raised(finding(2, 'sos', T0 + 5));
    await raised(finding(0, 'device_lost', T0 + 10));
    const all = await open.store.news({ since: T0, notices: 'all' });
    expect(all.changes).toHaveLength(3);
    expect(all.notices.map((it) => [it.audience, it.householdId === homes[0]!.householdId]).toSorted()).toEqual([
      ['family', true],
      ['station', true],
    ]);
    expect((await open.store.news({ since: T0 + 6, notices: 'all' })).changes).toHaveLength(1);
    expect((await open.store.news({ since: T0 + 5, notices: 'since' })).notices).toEqual([]);
    expect((await open.store.news({ since: T0, notices: 'since' })).notices).toEqual(all.notices);
    const [notice] = (await open.store.leaseNotices({ holder: 'h', now: T0 + 11, leaseMs: 1, limit: 9 })).filter(
      (it) => it.householdId === homes[0]!.householdId && it.audience === 'station' && it.createdAt === T0 + 10,
    );
    const delivery = { destination: '', attemptedAt: T0, outcome: 'waiting', reason: 'sent', answer: '' } as const;
    await open.store.recordOutcomes({
      outcomes: [
        { notice: notice!, state: 'waiting', reason: 'sent', deliveries: [delivery], nextAttemptAt: T0, passOn: false },
      ],
      now: T0 + 12,
    });
    const later = await open.store.news({ since: T0 + 99, notices: 'all' });
    expect(later.notices.map((it) => it.id)).toContain(notice!.id);
    await open.store.confirmShown({ noticeIds: later.notices.map((it) => it.id), by: 'u', now: T0 + 13 });
    expect(await open.store.news({ since: T0 + 99, notices: 'all' })).toEqual({ changes: [], notices: [] });
    expect(await open.store.consoleNoticesById({ ids: [notice!.id, 'none'] })).toMatchObject([{ id: notice!.id }]);
  });

  test('more notices than are told at once never hide an emergency', async () => {
    await raised(finding(0, 'sos', T0));
    const later = Array.from({ length: 501 }, (_, n) => finding(1, 'battery_low', T0 + 1, { device: `d${n}` }));
    await open.store.raise({ findings: later, now: T0 + 1 });
    const leased = await open.store.leaseNotices({ holder: 'h', now: T0 + 1, leaseMs: 1, limit: 999 });
    const outcomes = leased
      .filter(({ householdId }) => householdId === homes[1]!.householdId)
      .map((notice) => ({
        ...({ notice, state: 'waiting', reason: 'sent', nextAttemptAt: T0 + 2, passOn: false } as const),
        deliveries: [{ destination: '', attemptedAt: T0, outcome: 'waiting', reason: 'sent', answer: '' } as const],
      }));
    await open.store.recordOutcomes({ outcomes, now: T0 + 2 });
    const { notices } = await open.store.news({ since: T0 + 99, notices: 'all' });
    expect(notices.filter(({ householdId }) => householdId === homes[0]!.householdId)).toHaveLength(2);
    expect(notices).toHaveLength(500);
  });

  const checkpoint = (
    home: number,
    readings: readonly { kind: 'motion' | 'open' | 'heart_rate'; value: number; at: number }[],
  ): Checkpoint => {
    const place = { ...homes[home]!, device: 'd' };
    const kept = {
      states: [],
      rollups: readings.map(({ kind, value, at }) => ({
        ...place,
        kind,
        size: 3_600,
        at,
        n: 2,
        sum: 2 * value,
        min: value,
        max: value,
        minutes: '',
      })),
      readings: readings.map((reading, index) => ({ ...place, ...reading, position: `s:${index}` })),
      latest: readings.map((reading) => ({ ...place, ...reading })),
      devices: [],
      hubs: [{ hubId: place.hubId, householdId: place.householdId, connected: true, lastHeardAt: T0 }],
    };
    return { lease, processor: 'p', turn: 1, households: [kept], complete: null, linksUnknown: false };
  };

  test('the timeline tells what happened without every motion, and series give buckets or the readings themselves', async () => {
    await open.store.commitCheckpoint(
      checkpoint(0, [
        { kind: 'motion', value: 1, at: T0 },
        { kind: 'open', value: 1, at: T0 + MINUTE },
        { kind: 'heart_rate', value: 82, at: T0 + 2 * MINUTE },
      ]),
    );
    const { householdId } = homes[0]!;
    const place = { device: 'd', deviceName: 'Old sensor', room: 'hall' };
    expect(await open.store.timeline({ householdId, before: T0 + 9 * MINUTE, limit: 10 })).toEqual([
      { at: T0 + 2 * MINUTE, kind: 'heart_rate', value: 82, ...place },
      { at: T0 + MINUTE, kind: 'open', value: true, ...place },
    ]);
    expect(await open.store.timeline({ householdId, before: T0 + MINUTE, limit: 10 })).toEqual([]);
    const series = (size: number) =>
      open.store.series({ householdId, kind: 'heart_rate', from: T0, to: T0 + 9 * MINUTE, size });
    const point = { at: T0 + 2 * MINUTE, device: 'd', room: 'hall', mean: 82, min: 82, max: 82 };
    expect(await series(60)).toEqual([{ ...point, n: 1 }]);
    expect(await series(0)).toEqual([{ ...point, n: 1 }]);
    expect(await series(3_600)).toEqual([{ ...point, n: 2 }]);
    expect(await series(86_400)).toEqual([]);
    const file = await open.store.householdFile({ id: householdId, now: T0 + 26 * 60 * MINUTE });
    expect(file!.devices).toMatchObject([{ state: 'lost', lastHeardAt: T0 + 2 * MINUTE }]);
    expect(file!.hubs).toMatchObject([{ connected: true }]);
  });

  test('what was said last is that again after the clock was a year ahead', async () => {
    const said = (value: number, at: number) =>
      open.store.commitCheckpoint(checkpoint(1, [{ kind: 'heart_rate', value, at }]));
    const heardAt = async () => {
      const file = await open.store.householdFile({ id: homes[1]!.householdId, now: T0 });
      return file!.devices.map(({ lastHeardAt }) => lastHeardAt);
    };
    await said(80, T0 + 365 * 24 * 60 * MINUTE);
    await said(81, T0);
    expect(await heardAt()).toEqual([T0]);
    await said(82, T0 - MINUTE);
    expect(await heardAt()).toEqual([T0]);
  });

  test('the state of the system counts what a scope covers, and the entries of the last hour without reading them', async () => {
    const commit = async (first: number, count: number, at: number) => {
      const writer = segmentWriter();
      for (let n = 0; n < count; n++) writer.add({ kind: 'up', hubId: 'x', epoch: n, receivedAt: at, monotonicAt: 0 });
      const unreadable =
        first === 1 ? [{ hubId: homes[0]!.hubId, topic: 't', reason: 'not_json', count: 3, at, sample: '{' }] : [];
      await open.store.commitSegment({
        ...{ stream: 's', first, count, at, bytes: writer.take() },
        ...{ findings: [], alarmStates: [], catalogues: [], unreadable },
      });
    };
    const now = T0 + 90 * MINUTE;
    let first = 1;
    for (let minute = 0; minute <= 90; minute++) {
      await commit(first, 1 + (minute % 3), T0 + minute * MINUTE);
      first += 1 + (minute % 3);
    }
    const since = Array.from({ length: 91 }, (_, minute) => (minute >= 30 ? 1 + (minute % 3) : 0)).reduce(
      (a, b) => a + b,
    );
    await open.store.commitCheckpoint(checkpoint(0, []));
    const turn = (number: number, at: number, seen: number) =>
      open.store.commitTurn({
        lease,
        processor: 'p',
        at,
        turn: { number, at, watchingSince: T0, linksSince: T0, cut: { s: seen } },
        findings: [],
        recoveries: [],
      });
    await turn(1, now - 20_000, first - 1);
    const state = (areaId: string) => open.store.systemState({ scope: { areaId, householdId: null }, now });
    expect(await state(ROOT_AREA)).toEqual({
      households: { live: 2, commissioning: 1, paused: 0 },
      hubs: { connected: 1, lost: 0, neverHeard: 2 },
      packetsLastHour: since,
      processorBehindMs: 0,
      lastClosedAt: null,
      unreadable: [expect.objectContaining({ hubId: homes[0]!.hubId, householdName: 'Home 0', count: 3, sample: '{' })],
    });
    expect(await state(north)).toMatchObject({ households: { live: 1 }, hubs: { connected: 1, neverHeard: 1 } });
    await commit(first, 3, now - 400);
    await turn(2, now, first);
    expect(await state(north)).toMatchObject({ processorBehindMs: 400 });
    await turn(3, now - 31_000, first + 2);
    expect(await state(north)).toMatchObject({ processorBehindMs: 31_000 });
  });

  test('webhooks belong to an area; the secret is told once', async () => {
    const { webhook, secret } = await open.store.addWebhook({
      areaId: north,
      audience: 'hotline',
      url: 'https://12349.example/in',
      now: T0,
    });
    expect(secret).toHaveLength(43);
    const scope = { areaId: ROOT_AREA, householdId: null };
    expect(await open.store.webhooks({ scope })).toEqual([webhook]);
    expect(await open.store.webhooks({ scope: { areaId: 'other', householdId: null } })).toEqual([]);
    expect(await open.store.removeWebhook({ id: webhook.id })).toBe(true);
    expect(await open.store.removeWebhook({ id: webhook.id })).toBe(false);
  });
});
