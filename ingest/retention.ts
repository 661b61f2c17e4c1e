import type { Finding, Sentence } from '../domain/finding.ts';
import { SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import type { RetentionClass } from '../domain/reading.ts';
import { days, hours } from '../domain/time.ts';
import type { Clock } from '../runtime/clock.ts';
import { repeat, type Stop } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Store } from '../store/commands.ts';
import type { ClockRun } from '../store/retention.ts';
import { type Watched, watch } from './roster.ts';
import { SERIES, SERIES_LEASE } from './series-export.ts';
import { duration } from './words.ts';

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
    | 'clockRun'
    | 'keepClockRun'
    | 'leases'
    | 'raise'
  >;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'steppedMs'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'counter' | 'gauge'>;
  readonly journalDays: number;
};

type Retained = Pick<RetentionOptions, 'store' | 'journalDays'> & {
  readonly now: number;
  /** Whether readings are given to InfluxDB from the journal: what it has not got yet is kept for as long again. */
  readonly exporting: boolean;
};

/** Between two looks, an hour apart, no clock goes on further: it leapt, or nobody looked. */
const LEAP_MS = days(2);
/** So long a clock that leapt must go on before anything is forgotten by it. Somebody may have put it right by then. */
const BELIEVED_AFTER_MS = days(1);

/** Kept, and not the time of this process: one with a wrong clock may be started again and again. */
export const runOn = (before: ClockRun | null, now: number): ClockRun =>
  before && Math.abs(now - before.at) <= LEAP_MS ? { ...before, at: now } : { at: now, since: now };

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
export async function forgetOld({ store, now, journalDays, exporting }: Retained) {
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

/** Who has given no sign of life for so long gives readings to InfluxDB no more. Less than a day: some sites start everything anew each night. */
const EXPORT_ENDED_MS = hours(12);

/** Whether some process over this database gives readings to InfluxDB: this one may have been started without its address. */
function exportWatch({ store, clock }: Pick<RetentionOptions, 'store' | 'clock'>): () => Promise<boolean> {
  let watched: ReadonlyMap<string, Watched> = new Map();
  return async () => {
    const now = clock.monotonic();
    watched = watch(watched, await store.leases({ prefix: SERIES_LEASE }), now);
    const lease = watched.get(SERIES_LEASE);
    return lease !== undefined && lease.owner !== '' && now - lease.stillSince < EXPORT_ENDED_MS;
  };
}

/** An incident of Shouwang's own. */
const incident = (
  device: string,
  at: number,
  sentence: Sentence,
  numbers: Finding['evidence']['numbers'],
): Finding => ({
  ...{ householdId: SYSTEM_HOUSEHOLD, category: 'system', rule: 'retention', about: { hubId: '', device } },
  ...{ occurrenceKey: `${device} ${at}`, at, delayMs: 0, sentence, evidence: { readings: [], numbers } },
});

const lost = (segments: number, at: number): Finding =>
  incident(
    'series',
    at,
    {
      zh: 'InfluxDB 长时间不可用，尚未导出的读数已超过保留期限并被删除；警报不受影响',
      en: 'InfluxDB has been away for too long: readings that it never got were too old to be kept. Alerts are not concerned',
    },
    { count: segments },
  );

function leapt(leapMs: number, at: number): Finding {
  const leap = duration(leapMs);
  return incident(
    'clock leap',
    at,
    {
      zh: `服务器时间比上次记录晚了 ${leap.zh}。如果守望没有停这么久，就是服务器时钟错了：请立即校准并重启服务器。为防误删，今后一天内不清理旧数据。`,
      en: `The server's time is ${leap.en} later than when it was last noted. Unless Shouwang was off for so long, the clock is wrong: set it now and boot the server. So that nothing is deleted by mistake, no old data is cleared away for a day.`,
    },
    { leapMs },
  );
}

/** Forgets what need not be kept any longer, unless the clock has just leapt: what is forgotten by a wrong one does not come back. */
export function retention(options: RetentionOptions): () => Promise<void> {
  const { store, clock, log, metrics } = options;
  const ungiven = metrics.counter(
    'shouwang_series_forgotten_total',
    'Segments of the journal that went before InfluxDB had all of their readings',
  );
  const isExporting = exportWatch(options);
  const waits = metrics.gauge('shouwang_retention_waits', '1 while nothing is forgotten because the clock has leapt');

  return async () => {
    // A clock that was put right since we started goes on wrong here until the next boot: by the earlier of the two less is forgotten.
    const now = clock.now() + Math.min(0, clock.steppedMs());
    const exporting = await isExporting();
    const before = await store.clockRun(null);
    const run = runOn(before, now);
    if (before && now - before.at > LEAP_MS) {
      log.error({ leapMs: now - before.at }, 'the clock has leapt ahead, or nobody looked for so long');
      await store.raise({ findings: [leapt(now - before.at, clock.now())], now: clock.now() });
    }
    await store.keepClockRun(run);
    const isBelieved = now - run.since >= BELIEVED_AFTER_MS;
    waits.set(isBelieved ? 0 : 1);
    if (!isBelieved) return log.info(run, 'nothing is forgotten before the clock has gone on for a day');
    const forgotten = await forgetOld({ ...options, now, exporting });
    log.info(forgotten, 'forgot what was old');
    if (forgotten.ungiven === 0) return;
    ungiven.inc(forgotten.ungiven);
    log.error({ segments: forgotten.ungiven }, 'readings were forgotten that InfluxDB never got');
    await store.raise({ findings: [lost(forgotten.ungiven, clock.now())], now: clock.now() });
  };
}

export const startRetention = (options: RetentionOptions): Stop =>
  repeat(options.log, 'retention', hours(1), retention(options)).stop;
