import type { RetentionClass } from '../domain/reading.ts';
import { days, hours } from '../domain/time.ts';
import type { Clock } from '../runtime/clock.ts';
import { repeat, type Stop } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/commands.ts';

/** How long single readings are kept, by their class; the others live on in their rollups only. */
const readings: Partial<Record<RetentionClass, number>> = { vital: days(400), event: days(90) };
/** How long rollups are kept, by their size in seconds. */
const rollups: Readonly<Record<number, number>> = { 60: days(7), 3600: days(400), 86400: days(3_653) };

/** One bite: a few ms of the only writer, behind which an emergency may have to wait. */
const ROWS = 500;
const SEGMENTS = 20;
const HOUSEHOLDS = 200;

export type RetentionOptions = {
  readonly store: Pick<
    Store,
    | 'householdIds'
    | 'forgetReadings'
    | 'forgetRollups'
    | 'checkpointCuts'
    | 'streamHeads'
    | 'forgetSegments'
    | 'forgetTurns'
  >;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  readonly journalDays: number;
};

/** Takes bites until one is not full. */
async function bites(bite: () => Promise<number>, full: number): Promise<number> {
  let all = 0;
  for (;;) {
    const taken = await bite();
    all += taken;
    if (taken < full) return all;
  }
}

/** Forgets what is older than it is kept, once. */
export async function forgetOld({ store, clock, journalDays }: Omit<RetentionOptions, 'log'>) {
  const now = clock.now();
  const forgotten = { readings: 0, rollups: 0, segments: 0, turns: 0 };
  for (const [size, keptMs] of Object.entries(rollups)) {
    const old = { size: Number(size), before: now - keptMs, limit: ROWS };
    forgotten.rollups += await bites(() => store.forgetRollups(old), ROWS);
  }
  for (let after: string | undefined = ''; after !== undefined; ) {
    const householdIds: string[] = await store.householdIds({ after, limit: HOUSEHOLDS });
    for (const [retain, keptMs] of Object.entries(readings) as [RetentionClass, number][]) {
      if (householdIds.length === 0) break;
      const old = { householdIds, retain, before: now - keptMs, limit: ROWS };
      forgotten.readings += await bites(() => store.forgetReadings(old), ROWS);
    }
    after = householdIds.length < HOUSEHOLDS ? undefined : householdIds.at(-1);
  }
  const before = now - days(journalDays);
  const cuts = await store.checkpointCuts(null);
  for (const stream of Object.keys(await store.streamHeads(null))) {
    const old = { stream, before, upTo: cuts[stream] ?? 0, limit: SEGMENTS };
    forgotten.segments += await bites(() => store.forgetSegments(old), SEGMENTS);
  }
  forgotten.turns = await bites(() => store.forgetTurns({ before, limit: ROWS }), ROWS);
  return forgotten;
}

/** Forgets every hour what need not be kept any longer. */
export function startRetention(options: RetentionOptions): Stop {
  return repeat(options.log, 'retention', hours(1), async () => {
    const forgotten = await forgetOld(options);
    options.log.info(forgotten, 'forgot what was old');
  }).stop;
}
