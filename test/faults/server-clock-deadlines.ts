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

type Reached = { readonly rung: string; readonly at: number };

/** When a rung is due: the first time counted from when the alert was raised, a repetition from the one before. */
const dueAt = ({ plan, step, round }: Alert, seenAt: number, before: Reached | undefined): number =>
  round > 0 && before ? before.at + seconds(plan.repeatSeconds) : seenAt + seconds(plan.steps[step]?.afterSeconds ?? 0);

/**
 * Looks at every unclosed alert again and again, from outside and by a clock that nobody sets: each must have a deadline, near and
 * not passed, and must climb its plan by the time that really goes by.
 */
export function watchDeadlines(database: string) {
  const { store, close } = openStoreToRead(database);
  const firstSeen = new Map<string, number>();
  const reached = new Map<string, Reached>();
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
    const before = reached.get(id);
    if (alert.state !== 'open' || before?.rung === rung) return;
    reached.set(id, { rung, at: now });
    rungs++;
    const lateMs = Math.round(now - dueAt(alert, seenAt, before));
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
    rungOf: (alertId: string): string | undefined => reached.get(alertId)?.rung,
    async stop(): Promise<DeadlinesSeen> {
      stopped = true;
      await watching;
      await close();
      return { samples, broken: [...broken.values()], mostOverdueMs, rungs, untimely };
    },
  };
}
