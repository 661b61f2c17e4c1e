import { dice } from '../../device-sim/dice.ts';
import type { Finding } from '../../domain/finding.ts';
import { ROOT_AREA } from '../../domain/household.ts';
import { hours, minutes, seconds } from '../../domain/time.ts';
import type { Conclusion } from '../../ingest/household.ts';
import type { Store } from '../../store/commands.ts';

const LOOKS_EVERY_MS = minutes(10);
const AT_ONCE = 500;
const EVERYWHERE = { areaId: ROOT_AREA, householdId: null } as const;

/** It lets time pass by the minute. */
export const LATE_ALLOWED_MS = minutes(1) + seconds(1);

export type DeskKept = { overdue: number; doubled: number; mostLateMs: number; raised: number; handled: number };

/**
 * The memory of alerts on a moved clock, with somebody at the desk who takes most of them soon and some of them late, so that plans
 * are climbed as well. Conclusions go into the store as the processor puts them there.
 */
export function openVirtualDesk(store: Store, seed: number) {
  const kept: DeskKept = { overdue: 0, doubled: 0, mostLateMs: 0, raised: 0, handled: 0 };
  let dueAt = Number.POSITIVE_INFINITY;
  let looksAt = 0;

  const learnDue = async (): Promise<void> => {
    dueAt = (await store.nextDue(null)) ?? Number.POSITIVE_INFINITY;
  };

  async function conclude(conclusions: readonly Conclusion[], now: number): Promise<void> {
    if (conclusions.length === 0) return;
    let findings: Finding[] = [];
    const raise = async (): Promise<void> => {
      if (findings.length > 0) kept.raised += (await store.raise({ findings, now })).length;
      findings = [];
    };
    for (const it of conclusions) {
      if ('finding' in it) findings.push(it.finding);
      else {
        await raise();
        await store.recover({ recoveries: [it.recovery], now });
      }
    }
    await raise();
    await learnDue();
  }

  /** How long an alert waits for this desk. */
  function patienceMs(householdName: string, raisedAt: number): number {
    const chance = dice(seed, householdName, raisedAt);
    return chance.chance(0.2) ? hours(chance.between(0.5, 6)) : minutes(chance.between(1, 20));
  }

  async function handle(now: number): Promise<void> {
    const { alerts } = await store.queue({ scope: EVERYWHERE, state: 'unclosed', userId: 'desk', limit: AT_ONCE, now });
    for (const { id, raisedAt, householdName } of alerts) {
      if (now - raisedAt < patienceMs(householdName, raisedAt)) continue;
      const act = { alertId: id, by: 'desk', seenVersion: Number.MAX_SAFE_INTEGER, now };
      await store.act({ ...act, action: { kind: 'take' } });
      await store.act({ ...act, action: { kind: 'attend' } });
      await store.act({ ...act, action: { kind: 'close', disposition: 'other', text: '' } });
      kept.handled++;
    }
    await learnDue();
  }

  return {
    kept,
    conclude,
    /** Lets what is due happen, and the desk look. */
    async pass(now: number): Promise<void> {
      while (dueAt <= now) {
        for (const lateMs of await store.escalateDue({ now, limit: AT_ONCE }))
          kept.mostLateMs = Math.max(kept.mostLateMs, lateMs);
        await learnDue();
      }
      if (dueAt === Number.POSITIVE_INFINITY || now < looksAt) return;
      looksAt = now + LOOKS_EVERY_MS;
      await handle(now);
    },
    /** Holds what is unclosed against the promises. */
    async check(now: number): Promise<void> {
      const { overdueAlerts, doubledAlerts } = await store.facts({ now });
      kept.overdue += overdueAlerts;
      kept.doubled += doubledAlerts;
    },
  };
}
