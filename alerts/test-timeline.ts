import type { Alert, AlertAction } from '../domain/alert.ts';
import type { Category } from '../domain/category.ts';
import { household, ROOT_AREA } from '../domain/household.ts';
import type { Audience } from '../domain/plan.ts';
import { seconds } from '../domain/time.ts';
import { movedClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import type { Store } from '../store/commands.ts';
import { openStoreHere } from '../store/open.ts';
import { channels } from './channels/registry.ts';
import { type Dispatcher, openDispatcher } from './dispatcher.ts';
import { escalateDue } from './escalator.ts';
import { aFinding, NIGHT } from './test-telling.ts';

const STEP_MS = 500;

/** A home, its station and everybody who is told, on a clock that a test moves. */
export type Timeline = Awaited<ReturnType<typeof openTimeline>>;

/** `wrap` stands between the dispatcher and the memory, for what a test wants to go wrong there. */
export async function openTimeline(url: string, wrap: (store: Store) => Store = (store) => store) {
  const clock = movedClock(NIGHT);
  let opened = await openStoreHere(url);
  let dispatcher: Dispatcher;
  const start = (between: (store: Store) => Store): void => {
    const found = channels('https://desk.test', clock.now);
    dispatcher = openDispatcher({
      ...{ clock, log: silentLog, channels: found, store: between(opened.store) },
      onRecorded: () => {},
    });
  };
  start(wrap);

  const { store } = opened;
  const station = await store.addArea({ area: { kind: 'station', parentId: ROOT_AREA, name: 'East station' } });
  const {
    id: _id,
    stationId: _station,
    ...home
  } = household.parse({
    ...{ id: '', stationId: '', name: '3-502', address: 'Lane 4', access: 'key safe 4711', mode: 'live' },
  });
  const registration = {
    ...{ stationId: station.id, household: home, residents: [], contacts: [], hub: null, devices: [] },
  };
  const made = await store.register({ registrations: [registration], now: NIGHT });
  const householdId = made.registered?.[0]?.householdId ?? '';
  let seq = 0;

  /** What is due now has its consequence, and what is owed is told, as the running parts would. */
  async function settle(): Promise<void> {
    await escalateDue(opened.store, clock, () => {});
    while (await dispatcher.round());
    await dispatcher.settled();
    while (await dispatcher.round());
    await dispatcher.settled();
  }

  return {
    clock,
    householdId,
    stationId: station.id,
    store: () => opened.store,
    settle,
    /** So that a test can look while receivers still think. */
    round: () => dispatcher.round(),
    async raises(category: Category): Promise<Alert> {
      const finding = { ...aFinding(category, `cause ${++seq}`, clock.now()), householdId };
      const [alert] = await opened.store.raise({ findings: [finding], now: clock.now() });
      await settle();
      if (!alert) throw new Error('nothing was raised');
      return alert;
    },
    async acts(alert: Alert, action: AlertAction, by = 'anna') {
      const acted = await opened.store.act({
        ...{ alertId: alert.id, action, by, seenVersion: Number.MAX_SAFE_INTEGER },
        now: clock.now(),
      });
      if (!acted || acted.refusal) throw new Error(`refused: ${acted?.refusal}`);
      return acted.alert;
    },
    async webhook(audience: Audience, to: string, areaId = station.id) {
      return opened.store.addWebhook({ areaId, audience, url: to, now: clock.now() });
    },
    async forward(ms: number): Promise<void> {
      for (let passed = 0; passed < ms; passed += STEP_MS) {
        clock.forward(Math.min(STEP_MS, ms - passed));
        await settle();
      }
    },
    /** Ends everything and starts it again on what is on disk, `forMs` later. */
    async restarts(forMs = 0, between: (store: Store) => Store = (one) => one): Promise<void> {
      await opened.close();
      clock.forward(forMs);
      opened = await openStoreHere(url);
      start(between);
    },
    /** Every console on earth is open and shows whatever it gets. */
    async consolesShow(alert: Alert): Promise<void> {
      const { notices } = await told(opened.store, alert);
      const noticeIds = notices.filter((notice) => notice.state === 'waiting').map((notice) => notice.id);
      await opened.store.confirmShown({ noticeIds, by: 'anna', now: clock.now() });
    },
    told: (alert: Alert) => told(opened.store, alert),
    /** Who was told through a channel, and how many seconds after the alert was raised. */
    async tellings(alert: Alert, channel: 'console' | 'webhook' = 'console'): Promise<string[]> {
      const { notices } = await told(opened.store, alert);
      return notices
        .filter((notice) => notice.channel === channel)
        .map((notice) => `${(notice.createdAt - alert.raisedAt) / seconds(1)} ${notice.audience}`);
    },
    close: () => opened.close(),
  };
}

async function told(store: Store, alert: Alert) {
  const found = await store.alertRecord({ id: alert.id });
  if (!found) throw new Error('no such alert');
  return found;
}
