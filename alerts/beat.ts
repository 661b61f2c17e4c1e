import type { Clock } from '../runtime/clock.ts';
import { repeat, type Stop } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Beat } from '../store/audit.ts';

const EVERY_MS = 5_000;

/** Says every 5 s that a role is alive: what the auditor misses when a process is dead or frozen. */
export function startBeat(
  { role, instance, clock, log }: { role: string; instance: string; clock: Clock; log: Log },
  write: (beat: Beat) => Promise<void>,
): Stop {
  return repeat(log, `beat of ${role}`, EVERY_MS, () => write({ role, instance, at: clock.now() })).stop;
}
