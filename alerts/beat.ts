import type { Clock } from '../runtime/clock.ts';
import { repeat, type Stop } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/commands.ts';

const EVERY_MS = 5_000;

/** Says every 5 s that a role is alive: what the auditor misses when a process is dead or frozen. One that ends in order says so. */
export function startBeat(
  { role, instance, clock, log }: { role: string; instance: string; clock: Clock; log: Log },
  store: Pick<Store, 'beat' | 'lastBeat'>,
): Stop {
  const beating = repeat(log, `beat of ${role}`, EVERY_MS, () => store.beat({ role, instance, at: clock.now() }));
  return async () => {
    await beating.stop();
    await store.lastBeat({ role, instance, at: clock.now() });
  };
}
