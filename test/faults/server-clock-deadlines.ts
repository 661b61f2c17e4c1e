import type { Alert } from '../../domain/alert.ts';
import { ROOT_AREA } from '../../domain/household.ts';
import { seconds } from '../../domain/time.ts';
import { openStoreToRead } from '../../store/open.ts';

/** How late a deadline may be, and how early: half a sample, and what a busy machine adds. */
const LATE_MS = seconds(10);
const EARLY_MS = seconds(1);
const EVERY_MS = 100;
const ALERTS = 1_000;

export type DeadlinesSeen = {
  readonly samples: number;
  /** Deadlines that were missing, had passed by more than 10 s, or lay further off than the plan ever waits. */
  readonly broken: readonly string[];
  readonly mostOverdueMs: number;
  /** Rungs that were reached, and those too early or too late by the time that has passed since the alert was first seen. */
  readonly rungs: number;
  readonly untimely: readonly string[];
};

const everWaitsMs = ({ plan, state }: Alert): number => {
  if (state !== 'open') return Number.POSITIVE_INFINITY;
  const gaps = plan.steps.map(({ afterSeconds }, i) => afterSeconds - (plan.steps[i - 1]?.afterSeconds ?? 0));
  return seconds(Math.max(plan.repeatSeconds, ...gaps));
};

/** When a rung is due after the alert was raised. */
const dueMs = ({ plan, step, round }: Alert): number =>
  seconds((plan.steps[step]?.afterSeconds ?? 0) + round * plan.repeatSeconds);

/**
 * Looks at every unclosed alert again and again, from outside and by a clock that nobody sets: each must have a deadline, near and
 * not passed, and must climb its plan by the time that really goes by.
 */
export function watchDeadlines(database: string) {
  const { store, close } = openStoreToRead(database);
  const firstSeen = new Map<string, number>();
  const reached = new Map<string, string>();
  const broken = new Map<string, string>();
  const untimely: string[] = [];
  let samples = 0;
  let mostOverdueMs = 0;
  let stopped = false;

  function look(alert: Alert, now: number): void {
    const { id, category, nextDue, step, round } = alert;
    const seenAt = firstSeen.get(id) ?? now;
    firstSeen.set(id, seenAt);
    if (nextDue === null) broken.set(id, `${category} has no deadline`);
    else {
      mostOverdueMs = Math.max(mostOverdueMs, now - nextDue);
      if (now - nextDue > LATE_MS) broken.set(id, `${category} is ${now - nextDue} ms past its deadline`);
      if (nextDue - now > everWaitsMs(alert) + LATE_MS)
        broken.set(id, `${category} has its next deadline in ${nextDue - now} ms`);
    }
    const rung = `${step}.${round}`;
    if (alert.state !== 'open' || reached.get(id) === rung) return;
    reached.set(id, rung);
    rungs++;
    const lateMs = Math.round(now - seenAt - dueMs(alert));
    if (lateMs > LATE_MS || lateMs < -EARLY_MS) untimely.push(`${category} rung ${rung} ${lateMs} ms late`);
  }

  let rungs = 0;
  const asked = { scope: { areaId: ROOT_AREA, householdId: null }, state: 'unclosed' as const, userId: '' };
  const all = async (): Promise<readonly Alert[]> =>
    (await store.queue({ ...asked, limit: ALERTS, now: Date.now() })).alerts;

  async function watch(): Promise<void> {
    while (!stopped) {
      const alerts = await all();
      for (const alert of alerts) look(alert, Date.now());
      samples++;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }
  const watching = watch();

  return {
    store,
    /** What is unclosed at this moment. */
    alerts: all,
    rungOf: (alertId: string): string | undefined => reached.get(alertId),
    async stop(): Promise<DeadlinesSeen> {
      stopped = true;
      await watching;
      await close();
      return { samples, broken: [...broken.values()], mostOverdueMs, rungs, untimely };
    },
  };
}
