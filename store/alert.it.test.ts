import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Alert, AlertAction } from '../domain/alert.ts';
import type { Finding } from '../domain/finding.ts';
import { SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import { days, minutes, seconds } from '../domain/time.ts';
import { engines } from '../test/memory.ts';
import { locate, openSqlite } from './engine.ts';
import { type OpenStore, openStore, openStoreHere } from './open.ts';
import { openPostgres } from './postgres.ts';

const T0 = Date.UTC(2026, 10, 22, 18, 10);

const found = (key: string, category: Finding['category'] = 'sos'): Finding => ({
  householdId: SYSTEM_HOUSEHOLD,
  category,
  about: { hubId: 'hub', device: 'button' },
  rule: 'critical',
  occurrenceKey: key,
  at: T0,
  delayMs: 0,
  sentence: { zh: '按下了紧急按钮', en: 'The emergency button was pressed' },
  evidence: { readings: [], numbers: {} },
});

const take: AlertAction = { kind: 'take' };
const close: AlertAction = { kind: 'close', disposition: 'accidental', text: '' };

describe.each(engines)('an alert on $name', (engine) => {
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
  async function opened(how: (url: string) => Promise<OpenStore> = openStoreHere) {
    const url = await started.database();
    const one = await how(url);
    open.push(one);
    return { url, store: one.store };
  }
  async function raised() {
    const { url, store } = await opened();
    const [alert] = await store.raise({ findings: [found('k1')], now: T0 });
    const act = (action: AlertAction, by = 'anna', seenVersion = 1, now = T0) =>
      store.act({ alertId: alert!.id, action, by, seenVersion, now });
    return { url, store, alert: alert!, act };
  }

  test('two triggers at one moment from two connections are one alert with two occurrences', async () => {
    // Threads of their own: two SQLite connections of one thread would wait for each other for ever.
    const { url, store } = await opened(openStore);
    const other = await openStore(url);
    open.push(other);
    for (let i = 0; i < 20; i++) {
      const category = i % 2 ? 'sos' : 'smoke';
      await Promise.all([
        store.raise({ findings: [found(`a${i}`, category)], now: T0 + i }),
        other.store.raise({ findings: [found(`b${i}`, category)], now: T0 + i }),
      ]);
    }
    const { changes } = await store.news({ since: 0, notices: 'all' });
    expect(new Set(changes.map((change) => change.alertId)).size).toBe(2);
    const again = await store.raise({ findings: [found('c'), found('d', 'smoke')], now: T0 + 99 });
    expect(again.map((alert) => alert.occurrences)).toEqual([21, 21]);
  });

  test('the same cause reported twenty times at once is one occurrence', async () => {
    const { store } = await opened();
    await Promise.all(Array.from({ length: 20 }, () => store.raise({ findings: [found('k1')], now: T0 })));
    expect(await store.raise({ findings: [found('k2')], now: T0 })).toMatchObject([{ occurrences: 2 }]);
  });

  test('twenty causes at once are one alert with twenty occurrences', async () => {
    const { store } = await opened();
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, i) => store.raise({ findings: [found(`k${i}`)], now: T0 })),
    );
    const alerts = all.flat();
    expect(new Set(alerts.map((alert) => alert.id)).size).toBe(1);
    expect(alerts.map((alert) => alert.occurrences).sort((a, b) => a - b)).toEqual(Array.from(alerts, (_, i) => i + 1));
  });

  test('of twenty who take it at once exactly one has it, and the others learn who', async () => {
    const { act } = await raised();
    const acted = await Promise.all(Array.from({ length: 20 }, (_, i) => act(take, `u${i}`)));
    const [winner, ...more] = acted.filter((one) => one?.refusal === null);
    expect(more).toEqual([]);
    const losers = acted.filter((one) => one !== winner);
    expect(losers.every((one) => one?.refusal === 'taken_by_another')).toBe(true);
    expect(new Set(losers.map((one) => one?.alert.takenBy))).toEqual(new Set([winner?.alert.takenBy]));
  });

  test('nobody closes a cause that came while they were closing', async () => {
    const { store, act, alert } = await raised();
    await store.raise({ findings: [found('k2')], now: T0 + 1 });
    expect(await act(close, 'anna', 1)).toMatchObject({ refusal: 'happened_again', alert: { state: 'open' } });
    expect(await act(close, 'anna', 2)).toMatchObject({ refusal: null, alert: { id: alert.id, state: 'closed' } });
  });

  test('what is raised while it is being closed is either seen by who closes it, or an alert of its own', async () => {
    const { store, act, alert } = await raised();
    const [closing, [again]] = await Promise.all([
      act(close, 'anna', 1),
      store.raise({ findings: [found('k2')], now: T0 + 1 }),
    ]);
    if (closing?.refusal === null) expect(again!.id).not.toBe(alert.id);
    else expect(again).toMatchObject({ id: alert.id, occurrences: 2 });
  });

  test('it is not reopened beside a newer one about the same', async () => {
    const { store, act } = await raised();
    await act(close);
    await store.raise({ findings: [found('k2')], now: T0 + 1 });
    expect(await act({ kind: 'reopen', text: '' }, 'bo')).toMatchObject({ refusal: 'newer_alert_open' });
  });

  test('what a later clock has put off is due at once, and what our own clock has decided is not', async () => {
    const { store, act, alert } = await raised();
    await act(take, 'anna', 1, T0 + days(1));
    await store.raise({ findings: [found('k2', 'fall')], now: T0 + days(1) });
    await store.raise({ findings: [found('k3', 'smoke')], now: T0 + seconds(50) });
    expect(await store.dueAtOnce({ now: T0 })).toEqual({ alerts: 2, notices: 2 });
    expect((await store.alertRecord({ id: alert.id }))?.alert.nextDue).toBe(T0);
    expect(await store.escalateDue({ now: T0, limit: 10 })).toEqual([0, 0]);
    // Another that starts a moment later, by a clock that is a little behind.
    expect(await store.dueAtOnce({ now: T0 - seconds(3) })).toEqual({ alerts: 0, notices: 0 });
    expect(await store.nextDue(null)).toBeLessThan(T0 + minutes(10));
  });

  test('every change is on record with who and when', async () => {
    const { store, act, alert } = await raised();
    await act(take, 'anna', 1, T0 + 1);
    await act({ kind: 'comment', text: 'on the phone' }, 'bo', 1, T0 + 2);
    await act({ kind: 'attend' }, 'bo', 1, T0 + 3);
    await act(close, 'bo', 1, T0 + 4);
    const record = await store.alertRecord({ id: alert.id });
    expect(record?.events.map(({ kind, by, at }) => [kind, by, at - T0])).toEqual([
      ['raised', null, 0],
      ['taken', 'anna', 1],
      ['commented', 'bo', 2],
      ['attended', 'bo', 3],
      ['closed', 'bo', 4],
    ]);
  });

  test('two escalators at once tell each rung once', async () => {
    const { store, alert } = await raised();
    const due = T0 + seconds(60);
    await Promise.all(Array.from({ length: 5 }, () => store.escalateDue({ now: due, limit: 10 })));
    const { notices } = (await store.alertRecord({ id: alert.id }))!;
    expect(notices.map((notice) => notice.audience).sort()).toEqual(['family', 'hotline', 'station']);
  });

  describe('the database itself refuses', () => {
    async function refused(change: Record<string, unknown>): Promise<string> {
      const { url, alert, store } = await raised();
      const other = await store.raise({ findings: [found('other', 'fall')], now: T0 });
      const db = locate(url).engine === 'postgres' ? openPostgres(url) : openSqlite(url, 'write');
      open.push({ close: () => db.destroy() });
      const id = 'category' in change ? other[0]!.id : alert.id;
      return db
        .updateTable('alert')
        .set(change)
        .where('id', '=', id)
        .execute()
        .then(
          () => 'accepted',
          (error: Error) => error.message,
        );
    }
    test.each<[string, Record<string, unknown>, RegExp]>([
      ['an open alert without a deadline', { next_due: null }, /unattended_is_unrepresentable/],
      ['a closed one without its end', { state: 'closed', next_due: null }, /closed_has_an_end/],
      ['one in a hand that is nobody’s', { state: 'taken' }, /in_hand_has_a_hand/],
      ['a second open alert about the same', { category: 'sos' }, /one_open_alert|UNIQUE constraint failed/],
    ])('%s', async (_, change, message) => {
      expect(await refused(change)).toMatch(message);
    });
  });

  test('an action on an alert that is not there says so', async () => {
    const { store } = await raised();
    expect(await store.act({ alertId: 'none', action: take, by: 'u', seenVersion: 1, now: T0 })).toBeNull();
  });

  test('a technical alert closes with its cause, once', async () => {
    const { store } = await opened();
    const [lost] = await store.raise({ findings: [found('l1', 'hub_lost')], now: T0 });
    const { householdId, category, about, sentence } = found('l1', 'hub_lost');
    const recovery = { householdId, category, about, sentence, at: T0 + 5 };
    await store.recover({ recoveries: [recovery, recovery], now: T0 + 5 });
    const record = await store.alertRecord({ id: lost!.id });
    expect(record?.alert).toMatchObject({ state: 'closed', disposition: 'recovered' } satisfies Partial<Alert>);
    expect(record?.events).toHaveLength(2);
  });
});
