import type { Finding } from '../domain/finding.ts';
import { SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import type { RetentionClass } from '../domain/reading.ts';
import { days, hours } from '../domain/time.ts';
import type { Clock } from '../runtime/clock.ts';
import { repeat, type Stop } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Store } from '../store/commands.ts';
import { SERIES } from './series-export.ts';

/** How long single readings are kept, by their class; the others live on in their rollups only. */
const readings: Partial<Record<RetentionClass, number>> = { vital: days(400), event: days(90) };
/** How long rollups are kept, by their size in seconds: hours for a season, since they are most of the disk, and days for ten years. */
const rollups: Readonly<Record<number, number>> = { 3600: days(100), 86400: days(3_653) };

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
    | 'cutOf'
    | 'raise'
  >;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'counter'>;
  readonly journalDays: number;
  /** Whether readings are given to InfluxDB from the journal: what it has not got yet is kept for as long again. */
  readonly exporting: boolean;
};

type Retained = Pick<RetentionOptions, 'store' | 'clock' | 'journalDays' | 'exporting'>;

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
export async function forgetOld({ store, clock, journalDays, exporting }: Retained) {
  const now = clock.now();
  const forgotten = { readings: 0, rollups: 0, segments: 0, ungiven: 0, turns: 0 };
  for (let after: string | undefined = ''; after !== undefined; ) {
    const householdIds: string[] = await store.householdIds({ after, limit: HOUSEHOLDS });
    const of = { householdIds, limit: ROWS };
    for (const [retain, keptMs] of Object.entries(readings) as [RetentionClass, number][]) {
      const old = { ...of, retain, before: now - keptMs };
      if (householdIds.length > 0) forgotten.readings += await bites(() => store.forgetReadings(old), ROWS);
    }
    for (const [size, keptMs] of Object.entries(rollups)) {
      const old = { ...of, size: Number(size), before: now - keptMs };
      if (householdIds.length > 0) forgotten.rollups += await bites(() => store.forgetRollups(old), ROWS);
    }
    after = householdIds.length < HOUSEHOLDS ? undefined : householdIds.at(-1);
  }
  const before = now - days(journalDays);
  const cuts = await store.checkpointCuts(null);
  const given = exporting ? await store.cutOf({ consumer: SERIES }) : cuts;
  for (const stream of Object.keys(await store.streamHeads(null))) {
    const read = cuts[stream] ?? 0;
    const old = { stream, before, upTo: Math.min(read, given[stream] ?? 0), limit: SEGMENTS };
    forgotten.segments += await bites(() => store.forgetSegments(old), SEGMENTS);
    if (!exporting) continue;
    const older = { stream, before: before - days(journalDays), upTo: read, limit: SEGMENTS };
    forgotten.ungiven += await bites(() => store.forgetSegments(older), SEGMENTS);
  }
  forgotten.turns = await bites(() => store.forgetTurns({ before, limit: ROWS }), ROWS);
  return forgotten;
}

const lost = (segments: number, at: number): Finding => ({
  householdId: SYSTEM_HOUSEHOLD,
  category: 'system',
  about: { hubId: '', device: 'series' },
  rule: 'retention',
  occurrenceKey: `series forgotten ${at}`,
  at,
  delayMs: 0,
  sentence: {
    zh: 'InfluxDB 长时间不可用，尚未导出的读数已超过保留期限并被删除；警报不受影响',
    en: 'InfluxDB has been away for too long: readings that it never got were too old to be kept. Alerts are not concerned',
  },
  evidence: { readings: [], numbers: { count: segments } },
});

/** Forgets every hour what need not be kept any longer. */
export function startRetention(options: RetentionOptions): Stop {
  const { store, clock, log, metrics } = options;
  const ungiven = metrics.counter(
    'shouwang_series_forgotten_total',
    'Segments of the journal that went before InfluxDB had all of their readings',
  );
  return repeat(log, 'retention', hours(1), async () => {
    const forgotten = await forgetOld(options);
    log.info(forgotten, 'forgot what was old');
    if (forgotten.ungiven === 0) return;
    ungiven.inc(forgotten.ungiven);
    log.error({ segments: forgotten.ungiven }, 'readings were forgotten that InfluxDB never got');
    const now = clock.now();
    await store.raise({ findings: [lost(forgotten.ungiven, now)], now });
  }).stop;
}
