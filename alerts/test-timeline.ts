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

/** The memory and what escalates and tells over it, on a clock that a test moves. */
async function openWatch(url: string, wrap: (store: Store) => Store) {
  const instance = 'the same after each restart';
  const clock = movedClock(NIGHT);
  let opened = await openStoreHere(url);
  const dispatcherOver = (store: Store): Dispatcher =>
    openDispatcher({
      ...{ clock, log: silentLog, store, holder: instance, channels: channels('https://desk.test', clock.now) },
      onRecorded: () => {},
    });
  let dispatcher = dispatcherOver(wrap(opened.store));

  /** What is due now has its consequence, and what is owed is told, as the running parts would. */
  async function settle(): Promise<void> {
    await escalateDue(opened.store, clock, () => {});
    for (let again = 0; again < 2; again++) {
      while (await dispatcher.round());
      await dispatcher.settled();
    }
  }

  return {
    clock,
    settle,
    store: () => opened.store,
    /** So that a test can look while receivers still think. */
    round: () => dispatcher.round(),
    close: () => opened.close(),
    async forward(ms: number, stepMs = STEP_MS): Promise<void> {
      for (let passed = 0; passed < ms; passed += stepMs) {
        clock.forward(Math.min(stepMs, ms - passed));
        await settle();
      }
    },
    /** Ends everything and starts it again on what is on disk, `forMs` later. */
    async restarts(forMs = 0): Promise<void> {
      await opened.close();
      clock.forward(forMs);
      opened = await openStoreHere(url);
      dispatcher = dispatcherOver(opened.store);
    },
  };
}

async function registerHome(store: Store): Promise<{ stationId: string; householdId: string }> {
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
  return { stationId: station.id, householdId: made.registered?.[0]?.householdId ?? '' };
}

/**
 * A home, its station and everybody who is told. `wrap` stands between the dispatcher and the memory until the first restart, for
 * what a test wants to go wrong there.
 */
export async function openTimeline(url: string, wrap: (store: Store) => Store = (store) => store) {
  const watch = await openWatch(url, wrap);
  const { clock, store, settle } = watch;
  const { stationId, householdId } = await registerHome(store());
  let seq = 0;

  return {
    ...watch,
    householdId,
    async raises(category: Category): Promise<Alert> {
      const finding = { ...aFinding(category, `cause ${++seq}`, clock.now()), householdId };
      const [alert] = await store().raise({ findings: [finding], now: clock.now() });
      await settle();
      if (!alert) throw new Error('nothing was raised');
      return alert;
    },
    async acts(alert: Alert, action: AlertAction, by = 'anna'): Promise<void> {
      const seenVersion = Number.MAX_SAFE_INTEGER;
      const acted = await store().act({ alertId: alert.id, action, by, seenVersion, now: clock.now() });
      if (!acted || acted.refusal) throw new Error(`refused: ${acted?.refusal}`);
    },
    webhook: (audience: Audience, to: string) =>
      store().addWebhook({ areaId: stationId, audience, url: to, now: clock.now() }),
    /** Every console on earth is open and shows whatever it gets. */
    async consolesShow(alert: Alert): Promise<void> {
      const { notices } = await told(store(), alert);
      const noticeIds = notices.filter((notice) => notice.state === 'waiting').map((notice) => notice.id);
      await store().confirmShown({ noticeIds, by: 'anna', now: clock.now() });
    },
    told: (alert: Alert) => told(store(), alert),
    /** Who was told through a channel, and how many seconds after the alert was raised. */
    async tellings(alert: Alert, channel: 'console' | 'webhook' = 'console'): Promise<string[]> {
      const { notices } = await told(store(), alert);
      return notices
        .filter((notice) => notice.channel === channel)
        .map((notice) => `${(notice.createdAt - alert.raisedAt) / seconds(1)} ${notice.audience}`);
    },
  };
}

async function told(store: Store, alert: Alert) {
  const found = await store.alertRecord({ id: alert.id });
  if (!found) throw new Error('no such alert');
  return found;
}
