import { statfs } from 'node:fs/promises';
import type { Finding, Recovery } from '../domain/finding.ts';
import { SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import { days, hours, minutes, seconds } from '../domain/time.ts';
import { isBallastReleased } from '../runtime/ballast.ts';
import type { Clock } from '../runtime/clock.ts';
import { repeat, type Stop } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { AUDITOR_RULE, type Incident } from '../store/audit.ts';
import type { Store } from '../store/commands.ts';
import { type Broken, brokenPromises, canTell, type Seen } from './promise.ts';

const EVERY_MS = seconds(5);
const HEARTBEAT_EVERY_MS = seconds(30);
/** Every part gets this long to start before it is missed; the machine is looked at from the first round on. */
const GRACE_MS = seconds(30);
/** After the memory was out of reach nobody has beaten or escalated in it, and that is not the fault of any of them. */
const GRACE_AFTER_OUTAGE_MS = seconds(15);

export type AuditorDeps = {
  readonly store: Pick<Store, 'facts' | 'raise' | 'recover'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly disk: () => Promise<Pick<Seen, 'diskUsed' | 'ballastReleased'>>;
  /** An outside dead-man switch; null when there is none. */
  readonly heartbeatUrl: string | null;
  /** This machine's name among several; '' where there is one. */
  readonly machine?: string;
};

/** The disk that the data folder is on; what only root may still use counts as used. */
export async function diskOf(folder: string): ReturnType<AuditorDeps['disk']> {
  const { blocks, bavail } = await statfs(folder);
  return { diskUsed: 1 - bavail / blocks, ballastReleased: await isBallastReleased(folder) };
}

/** How soon an incident that is open already is said again: when it goes on, and when it had been over in between. */
const SAY_AGAIN_MS = { goesOn: hours(1), cameBack: minutes(1) } as const;

function isSaid({ promise }: Broken, incidents: readonly Incident[], now: number): boolean {
  const open = incidents.find((incident) => incident.open && incident.promise === promise.name);
  return open !== undefined && now - open.lastSeenAt < SAY_AGAIN_MS[open.healed ? 'cameBack' : 'goesOn'];
}

/** The same for all auditors that see the same, so that two of them on two machines are one occurrence. */
function keyOf({ promise }: Broken, incidents: readonly Incident[], now: number): string {
  const last = incidents.find((incident) => incident.promise === promise.name);
  const after = last ? `${last.alertId} ${last.occurrences}` : `nothing on day ${Math.floor(now / days(1))}`;
  return `${AUDITOR_RULE} ${promise.name} after ${after}`;
}

/** What to raise: an alert a broken promise, and one occurrence an hour while it goes on. */
export function findingsOf(broken: readonly Broken[], incidents: readonly Incident[], now: number): Finding[] {
  return broken
    .filter((one) => !isSaid(one, incidents, now))
    .map((one) => ({
      householdId: SYSTEM_HOUSEHOLD,
      category: 'system',
      about: { hubId: '', device: one.promise.name },
      rule: AUDITOR_RULE,
      occurrenceKey: keyOf(one, incidents, now),
      at: now,
      delayMs: 0,
      sentence: one.promise.says(one.by),
      evidence: { readings: [], numbers: { [one.promise.measure]: one.by } },
    }));
}

/** Incidents whose promise holds again, and of which nobody has noted that yet. */
export function recoveriesOf(broken: readonly Broken[], seen: Seen): Recovery[] {
  const { incidents, now } = seen;
  const stillBroken = new Set(broken.map(({ promise }) => promise.name));
  return incidents
    .filter(({ open, healed, promise }) => open && !healed && !stillBroken.has(promise) && canTell(promise, seen))
    .map((incident) => ({
      householdId: SYSTEM_HOUSEHOLD,
      category: 'system',
      about: { hubId: '', device: incident.promise },
      at: now,
      sentence: { zh: '已恢复正常', en: 'It holds again' },
    }));
}

async function beatOutside(url: string, log: Log): Promise<void> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(seconds(10)) });
    await response.body?.cancel();
    if (!response.ok) log.warn({ status: response.status }, 'the outside heartbeat was refused');
  } catch (error) {
    // The URL itself is a secret of the switch, so the log has only what went wrong.
    log.warn({ fault: error instanceof Error ? error.name : 'unknown' }, 'the outside heartbeat was not heard');
  }
}

export type Auditor = { readonly round: () => Promise<void> };

/**
 * Looks for what the promises forbid. It shares only the database with what it watches. When nobody is left to tell the owner what
 * it finds, it still says so on its log and, above all, by its silence towards the outside.
 */
export function openAuditor({ store, clock, log, disk, heartbeatUrl, machine = '' }: AuditorDeps): Auditor {
  let judgesFrom = clock.now() + GRACE_MS;
  let heartbeatAt = Number.NEGATIVE_INFINITY;

  return {
    async round() {
      const now = clock.now();
      const facts = await store.facts({ now }).catch((error: unknown) => {
        judgesFrom = Math.max(judgesFrom, clock.now() + GRACE_AFTER_OUTAGE_MS);
        throw error;
      });
      const isEarly = now < judgesFrom;
      const seen: Seen = { ...facts, now, ...(await disk()), clockSteppedMs: clock.steppedMs(), machine };
      const broken = brokenPromises(seen).filter(({ promise }) => promise.ofMachine || !isEarly);
      for (const { promise, by } of broken) {
        log.error({ promise: promise.name, by, grave: promise.grave }, promise.says(by).en);
      }
      // The heartbeat first: to raise anything takes the write lock, which a frozen process may hold.
      if (
        heartbeatUrl &&
        !isEarly &&
        !broken.some(({ promise }) => promise.grave) &&
        now - heartbeatAt >= HEARTBEAT_EVERY_MS
      ) {
        heartbeatAt = now;
        await beatOutside(heartbeatUrl, log);
      }
      const findings = findingsOf(broken, facts.incidents, now);
      const recoveries = isEarly ? [] : recoveriesOf(broken, seen);
      if (findings.length > 0) await store.raise({ findings, now });
      if (recoveries.length > 0) await store.recover({ recoveries, now });
    },
  };
}

export function startAuditor(deps: AuditorDeps): Stop {
  return repeat(deps.log, 'audit', EVERY_MS, openAuditor(deps).round).stop;
}
