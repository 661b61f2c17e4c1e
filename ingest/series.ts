import { factsOf, type ReadingKind, type RetentionClass, readingKind } from '../domain/reading.ts';
import { localTime, minutes, seconds } from '../domain/time.ts';
import type { KeptReading, LatestReading, RollupDelta } from '../store/checkpoint.ts';
import { minuteLetter } from '../store/minutes.ts';
import { KEPT_AT_MOST_MS } from './decoders/clock.ts';
import type { ReadingInput } from './rule.ts';

/** What one kind of one device adds to the series, since the last checkpoint. */
type Line = {
  readonly hubId: string;
  readonly device: string;
  readonly kind: ReadingKind;
  value: number;
  at: number;
  readonly buckets: Bucket[];
};
type Bucket = {
  readonly size: number;
  readonly at: number;
  n: number;
  sum: number;
  min: number;
  max: number;
  minutes: string;
};

type Of<T> = { readonly householdId: string } & T;
/** What the series gained, by household. */
export type Gained = {
  readonly rollups: RollupDelta[];
  readonly readings: KeptReading[];
  readonly latest: LatestReading[];
};

const HOUR = 3_600;
const DAY = 86_400;
const MINUTES_A_DAY = 1_440;

/** The buckets that are worth their room, by class. */
const sizes: Readonly<Record<RetentionClass, readonly number[]>> = {
  activity: [HOUR, DAY],
  event: [HOUR, DAY],
  vital: [HOUR, DAY],
  environment: [HOUR, DAY],
  technical: [],
};

type Treatment = {
  /** Whether means and counts are kept; and whether only "yes" is anything at all: movement that ends is no second movement. */
  readonly sizes: readonly number[];
  readonly onlyYes: boolean;
  /** Whether the minutes are kept in the hour: of what is not kept one by one. */
  readonly byMinute: boolean;
  /** Whether each single reading is kept, and of states only what changes. */
  readonly raw: boolean;
  readonly onlyChanges: boolean;
};

const treatments: ReadonlyMap<ReadingKind, Treatment> = new Map(
  readingKind.options.map((kind) => {
    const { shape, retain } = factsOf(kind);
    const raw = retain === 'vital' || retain === 'event';
    return [
      kind,
      {
        sizes: kind === 'battery' ? [DAY] : sizes[retain],
        onlyYes: retain === 'activity' || shape === 'momentary',
        byMinute: retain === 'activity',
        raw,
        onlyChanges: raw && shape === 'state',
      },
    ];
  }),
);

/** When the local day of `at` began. On a day on which clocks are set, its minute of the day tells that but for an hour. */
function localMidnight(at: number, zone: string): number {
  const about = at - minutes(localTime(at, zone).minuteOfDay);
  const { minuteOfDay } = localTime(about, zone);
  return about - minutes(minuteOfDay > MINUTES_A_DAY / 2 ? minuteOfDay - MINUTES_A_DAY : minuteOfDay);
}

const dayStarts = { zone: '', quarter: 0, startAt: 0 };

/** The same, remembered. Zones change their offset on quarter hours, and what comes together was mostly made together. */
function dayStart(at: number, zone: string): number {
  const quarter = Math.floor(at / minutes(15)) * minutes(15);
  if (dayStarts.quarter !== quarter || dayStarts.zone !== zone) {
    dayStarts.zone = zone;
    dayStarts.quarter = quarter;
    dayStarts.startAt = localMidnight(quarter, zone);
  }
  return dayStarts.startAt;
}

const bucketStart = (size: number, at: number, zone: string): number =>
  size === DAY ? dayStart(at, zone) : Math.floor(at / seconds(size)) * seconds(size);

function add(buckets: Bucket[], size: number, at: number, value: number, minute: string): void {
  for (let i = buckets.length - 1; i >= 0; i--) {
    const bucket = buckets[i];
    if (bucket?.at !== at || bucket.size !== size) continue;
    bucket.n++;
    bucket.sum += value;
    if (value < bucket.min) bucket.min = value;
    if (value > bucket.max) bucket.max = value;
    bucket.minutes += minute;
    return;
  }
  buckets.push({ size, at, n: 1, sum: value, min: value, max: value, minutes: minute });
}

export type Series = {
  readonly add: (householdId: string, zone: string, input: ReadingInput) => void;
  /** Lines and readings since the last `take`. */
  readonly size: () => number;
  /** Hands over what a household gained and starts it afresh. */
  readonly take: (householdId: string) => Gained | null;
  readonly households: () => IterableIterator<string>;
};

/** Gathers between two checkpoints what the series gain; each reading goes into the buckets of its own time, however late it comes. */
export function gatherSeries(): Series {
  let size = 0;
  const gathered = new Map<string, { lines: Map<string, Line>; readings: KeptReading[] }>();

  return {
    add(householdId, zone, { hubId, reading, place, madeAt, receivedAt, news, position, index }) {
      const { device, kind } = reading;
      const treatment = treatments.get(kind);
      if (!treatment) return;
      const value = Number(reading.value);
      let own = gathered.get(householdId);
      if (!own) {
        own = { lines: new Map(), readings: [] };
        gathered.set(householdId, own);
      }
      const key = `${kind} ${place}`;
      let line = own.lines.get(key);
      if (!line) {
        line = { hubId, device, kind, value, at: madeAt, buckets: [] };
        own.lines.set(key, line);
        size++;
      } else if (madeAt >= line.at) {
        line.value = value;
        line.at = madeAt;
      }
      if ((treatment.onlyYes && value === 0) || receivedAt - madeAt > KEPT_AT_MOST_MS) return;
      for (const size of treatment.sizes) {
        const at = bucketStart(size, madeAt, zone);
        const minute = treatment.byMinute && size === HOUR ? minuteLetter(Math.floor((madeAt - at) / minutes(1))) : '';
        add(line.buckets, size, at, value, minute);
      }
      if (treatment.raw && !(treatment.onlyChanges && news === 'same')) {
        const at = `${position.stream}:${position.number}:${index}`;
        own.readings.push({ householdId, hubId, device, kind, value, at: madeAt, position: at });
        size++;
      }
    },
    size: () => size,
    households: () => gathered.keys(),
    take(householdId) {
      const own = gathered.get(householdId);
      if (!own) return null;
      gathered.delete(householdId);
      size -= own.lines.size + own.readings.length;
      const rollups: Of<RollupDelta>[] = [];
      const latest: Of<LatestReading>[] = [];
      for (const { buckets, ...line } of own.lines.values()) {
        latest.push({ householdId, ...line });
        const { hubId, device, kind } = line;
        for (const bucket of buckets) rollups.push({ householdId, hubId, device, kind, ...bucket });
      }
      return { rollups, readings: own.readings, latest };
    },
  };
}
