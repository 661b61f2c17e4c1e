import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Category } from '../domain/category.ts';
import type { Finding } from '../domain/finding.ts';
import { SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import type { Notice } from '../domain/notice.ts';
import { minutes, seconds } from '../domain/time.ts';
import { engines } from '../test/memory.ts';
import { until } from '../test/system.ts';
import type { Outcome } from './notice.ts';
import { openStoreHere } from './open.ts';

const T0 = Date.UTC(2026, 10, 22, 18, 10);
const LEASE_MS = seconds(10);

const found = (category: Category): Finding => ({
  householdId: SYSTEM_HOUSEHOLD,
  category,
  about: { hubId: 'hub', device: 'button' },
  rule: 'critical',
  occurrenceKey: category,
  at: T0,
  delayMs: 0,
  sentence: { zh: '', en: '' },
  evidence: { readings: [], numbers: {} },
});

const outcome = (notice: Notice, state: Notice['state'], passOn = false): Outcome => ({
  ...{ notice, state, passOn, reason: 'not_heard', nextAttemptAt: T0 },
  deliveries: [{ destination: 'd', attemptedAt: T0, outcome: 'gave_up', reason: 'not_heard', answer: '' }],
});

describe.each(engines)('a notice on $name', (engine) => {
  if (engine.unavailable) return test.skip(engine.unavailable);
  let started: Awaited<ReturnType<typeof engine.start>>;
  beforeAll(async () => {
    started = await engine.start();
  });
  afterAll(() => started.stop());
  const open: { close: () => Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  async function owing(...categories: Category[]) {
    const opened = await openStoreHere(await started.database());
    open.push(opened);
    const { store } = opened;
    await store.raise({ findings: categories.map(found), now: T0 });
    const lease = (now = T0, limit = 100) => store.leaseNotices({ holder: 'h', now, leaseMs: LEASE_MS, limit });
    return { store, lease };
  }

  test('is leased to one of many who ask at once', async () => {
    const { lease } = await owing('sos', 'fall', 'smoke');
    const leased = (await Promise.all(Array.from({ length: 10 }, () => lease()))).flat();
    expect(leased).toHaveLength(6);
    expect(new Set(leased.map((notice) => notice.id)).size).toBe(6);
  });

  test('that its holder had in hand when it died comes due as soon as that one is back, and those of others do not', async () => {
    const { store, lease } = await owing('vitals', 'sos');
    const [mine] = await lease(T0, 1);
    await store.leaseNotices({ holder: 'another', now: T0, leaseMs: LEASE_MS, limit: 100 });
    await store.takeUpAgain({ holder: 'h', now: T0 + 1 });
    expect((await lease(T0 + 1)).map(({ id }) => id)).toEqual([mine!.id]);
  });

  test('of an emergency goes before those of everything else', async () => {
    const { lease } = await owing('battery_low', 'door_open', 'vitals', 'sos');
    expect((await lease(T0, 2)).map((notice) => notice.audience).sort()).toEqual(['family', 'station']);
    const { alertId } = (await lease(T0, 1))[0]!;
    expect((await lease(T0, 2)).map((notice) => notice.alertId)).not.toContain(alertId);
  });

  test('comes due again when its lease ends, and not before', async () => {
    const { lease } = await owing('sos');
    const first = await lease();
    expect(await lease(T0 + LEASE_MS - 1)).toEqual([]);
    const again = await lease(T0 + LEASE_MS);
    expect(again.map((notice) => notice.id).sort()).toEqual(first.map((notice) => notice.id).sort());
  });

  test('that is put back has used no attempt', async () => {
    const { store, lease } = await owing('vitals');
    const [notice] = await lease();
    await store.putBack({ noticeIds: [notice!.id], until: T0 + 500 });
    expect(await lease(T0 + 499)).toEqual([]);
    expect(await lease(T0 + 500)).toMatchObject([{ id: notice!.id, attempts: 0 }]);
  });

  test('that was not heard is passed on once to the next channel', async () => {
    const { store, lease } = await owing('vitals');
    const [notice] = await lease();
    const twice = [outcome(notice!, 'superseded', true), outcome(notice!, 'superseded', true)];
    await store.recordOutcomes({ outcomes: twice, now: T0 + 1 });
    expect(await lease(T0 + 1)).toMatchObject([{ channel: 'webhook', fallback: [], attempts: 0, createdAt: T0 + 1 }]);
  });

  test.each(['due', 'delivered', 'suppressed', 'failed'] as const)(
    'still to be told gives way to a later one of the same unless that came to nothing: %s',
    async (state) => {
      const { store, lease } = await owing('vitals');
      const dueBy = async (now: number, channel: Notice['channel']) =>
        (await lease(now)).filter((notice) => notice.channel === channel && notice.audience === 'station');
      const webhookAt = async (now: number): Promise<Notice> => {
        const outcomes = (await dueBy(now, 'console')).map((notice) => outcome(notice, 'superseded', true));
        await store.recordOutcomes({ outcomes, now });
        const [notice] = await dueBy(now, 'webhook');
        return notice!;
      };
      const first = await webhookAt(T0);
      await store.recordOutcomes({ outcomes: [outcome(first, 'due')], now: T0 });
      await store.escalateDue({ now: T0 + minutes(3), limit: 10 });
      const later = await webhookAt(T0 + minutes(3));
      await store.recordOutcomes({ outcomes: [outcome(later, state)], now: T0 + minutes(3) });
      const [telling] = await store.tellings({ noticeIds: [first.id], now: T0 + minutes(3) });
      expect(telling!.toldLater).toBe(state === 'due' || state === 'delivered');
    },
  );

  test('that a console has confirmed meanwhile stays delivered and goes no further', async () => {
    const { store, lease } = await owing('vitals');
    const [notice] = await lease();
    expect(await store.confirmShown({ noticeIds: [notice!.id], by: 'anna', now: T0 + 1 })).toBe(1);
    expect(await store.confirmShown({ noticeIds: [notice!.id], by: 'bo', now: T0 + 2 })).toBe(0);
    await store.recordOutcomes({ outcomes: [outcome(notice!, 'superseded', true)], now: T0 + 3 });
    const record = await store.alertRecord({ id: notice!.alertId });
    expect(record?.notices).toMatchObject([{ state: 'delivered', deliveredAt: T0 + 1 }]);
    expect(record?.deliveries.map((delivery) => delivery.answer).sort()).toEqual(['', 'shown']);
  });
});

const postgres = engines.find(({ name }) => name === 'PostgreSQL');

test.skipIf(postgres?.unavailable !== null)('a notice that is confirmed while it is leased is not leased', async () => {
  const started = await postgres!.start();
  const url = await started.database();
  const { store, close } = await openStoreHere(url);
  const console = new pg.Client({ connectionString: url });
  await console.connect();
  try {
    await store.raise({ findings: [found('vitals')], now: T0 });
    await console.query(`begin; update notice set state = 'delivered'`);
    const leased = store.leaseNotices({ holder: 'h', now: T0, leaseMs: LEASE_MS, limit: 100 });
    const waits = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
    await until('the lease to wait', async () => (await console.query(waits)).rowCount === 1);
    await console.query('commit');
    expect(await leased).toEqual([]);
  } finally {
    await console.end();
    await close();
    await started.stop();
  }
});
