import { type Household, vitalLimits, watchSettings } from '../domain/household.ts';
import type { DeviceClass, Hub } from '../domain/hub.ts';
import type { JournalEntry } from '../domain/packet.ts';
import type { ReadingKind } from '../domain/reading.ts';
import { days, minutes, seconds } from '../domain/time.ts';
import type { Turn } from '../store/processor.ts';
import type { WatchedHousehold } from '../store/watched-household.ts';
import { restore, takeCheckpoint } from './checkpoint.ts';
import { decode } from './decoders/registry.ts';
import { type Conclusion, ruleset } from './household.ts';
import type { AnyRule } from './rule.ts';
import { rules } from './rules/registry.ts';
import { newTown, registerIn, takeTurn } from './town.ts';

/** 2026-03-02 00:00 in Shanghai. */
export const MIDNIGHT = Date.UTC(2026, 2, 1, 16);
export const HUB = 'hub-1';

type Registered = { readonly name?: string; readonly room?: string; readonly class: DeviceClass };

export type HomeOptions = {
  readonly from?: string;
  readonly settings?: Partial<Household['settings']>;
  readonly mode?: Household['mode'];
  readonly limits?: readonly Record<string, readonly [number, number]>[];
  readonly hubs?: readonly Pick<Hub, 'id' | 'power'>[];
  readonly devices?: Readonly<Record<string, Registered>>;
  readonly rules?: readonly AnyRule[];
};

export const householdOf = (options: HomeOptions = {}, householdId = 'home-1'): WatchedHousehold => ({
  householdId,
  mode: options.mode ?? 'live',
  settings: watchSettings.parse(options.settings ?? {}),
  residents: (options.limits ?? [{}]).map((limits, n) => ({ id: `r${n}`, limits: vitalLimits.parse(limits) })),
  hubs: (options.hubs ?? [{ id: HUB, power: 'mains' }]).map((hub) => ({ ...hub, ecosystem: 'shouwang' })),
  devices: Object.entries(options.devices ?? {}).map(([key, it]) => ({
    hubId: HUB,
    key,
    name: it.name ?? '',
    room: it.room ?? '',
    class: it.class,
  })),
});

/** How a reading came: how old it was, whether its clock could be believed, and under which identity. */
export type Manner = {
  readonly hub?: string;
  readonly ageMs?: number;
  readonly wrongClock?: boolean;
  readonly boot?: string;
  readonly seq?: number;
  readonly topic?: string;
};

const clockOf = (time: string): number => {
  const [, day = '0', hour = '', minute = '', second = '0'] =
    /^(?:(\d+)d )?(\d\d):(\d\d)(?::(\d\d))?$/.exec(time) ?? [];
  if (hour === '') throw new Error(`${time} is not a time like 02:10, 02:10:30 or 1d 02:10`);
  return days(Number(day)) + minutes(Number(hour) * 60 + Number(minute)) + seconds(Number(second));
};

/** `sos`, and for what has ended `-hub_lost`. */
const word = (it: Conclusion): string => ('finding' in it ? it.finding.category : `-${it.recovery.category}`);

/** A processor without a store, for one home: turns as they fall due on a moved clock. */
function movedTown(options: HomeOptions, from: number) {
  const rulesInUse = ruleset(options.rules ?? rules);
  const concluded: Conclusion[] = [];
  const started = { now: from, monotonicFrom: from, watching: { watchingSince: from, linksSince: from } };
  let household = householdOf(options);
  let last: Turn | null = null;
  let number = 0;
  const it = {
    ...started,
    concluded,
    town: newTown(rulesInUse, decode, { number: 0, of: 1 }),
    turn,
    forward,
    restart,
    change,
  };
  registerIn(it.town, household);

  function turn(entries: readonly JournalEntry[]): Turn {
    const next: Turn = { number: (last?.number ?? 0) + 1, at: it.now, ...it.watching, cut: { s: number } };
    const heard = entries.map((entry) => ({ entry, position: { stream: 's', number: ++number } }));
    concluded.push(...takeTurn(it.town, next, last, heard).conclusions);
    last = next;
    return next;
  }

  function forward(ms: number): void {
    const target = it.now + ms;
    while (it.now < target) {
      it.now = Math.min(target, Math.max(it.now + 1, it.town.wakeAt));
      if (it.town.wakeAt <= it.now) turn([]);
    }
  }

  function restart(outMs: number): void {
    const before = turn([]);
    const documents = takeCheckpoint(it.town, { name: 'partition 0', owner: 'test', fence: 1 }, before, false)
      .flatMap(({ households, complete }) => [
        ...households.flatMap(({ states }) => states),
        ...(complete ? [complete] : []),
      ])
      .map((document) => ({ ...document, turn: before.number }));
    it.town = newTown(rulesInUse, decode, { number: 0, of: 1 });
    registerIn(it.town, household);
    restore(it.town, { turn: before.number, documents });
    it.now += outMs;
    it.monotonicFrom = it.now;
    it.watching = { watchingSince: it.now, linksSince: it.now };
    turn([]);
  }

  function change(changed: HomeOptions): void {
    household = householdOf({ ...options, ...changed });
    registerIn(it.town, household);
  }

  return it;
}

/**
 * One home on a moved clock. Times are of its own day (`1d 02:10` is the next one's); going to a time lets everything happen that
 * falls due on the way, at its own moment.
 */
export function timeline(options: HomeOptions = {}) {
  const it = movedTown(options, MIDNIGHT + clockOf(options.from ?? '08:00'));
  let epoch = 0;
  let unread = 0;
  const times = () => ({ receivedAt: it.now, monotonicAt: it.now - it.monotonicFrom });

  const home = {
    now: () => it.now,
    forward: it.forward,
    at(time: string) {
      const target = MIDNIGHT + clockOf(time);
      if (target < it.now) throw new Error(`${time} has passed`);
      it.forward(target - it.now);
      return home;
    },
    link(change: 'up' | 'down', hubId = HUB, silentMs = 0) {
      if (change === 'up') epoch++;
      it.turn([{ kind: change, hubId, epoch, silentMs, ...times() }]);
      return home;
    },
    sends(payload: string, { hub = HUB, topic = `sw/${hub}/up` }: Manner = {}) {
      const bytes = new TextEncoder().encode(payload);
      it.turn([{ kind: 'packet', hubId: hub, topic, payload: bytes, qos: 1, retain: false, ...times() }]);
      return home;
    },
    says(device: string, kind: ReadingKind, value: boolean | number = true, manner: Manner = {}) {
      const { ageMs = 0, wrongClock, boot, seq } = manner;
      const made = wrongClock ? { ts: 'yesterday' } : ageMs > 0 ? { ts: it.now - ageMs, sent: it.now } : {};
      const event = seq === undefined ? {} : { boot: boot ?? 'b1', seq };
      return home.sends(JSON.stringify({ ...event, ...made, readings: [{ device, kind, value }] }), manner);
    },
    /** The same every so often, until a time. */
    every(ms: number, until: string, again: () => void) {
      const target = MIDNIGHT + clockOf(until);
      while (it.now + ms <= target) {
        it.forward(ms);
        again();
      }
      return home.at(until);
    },
    /** The process ends without a word and starts again. */
    restart(outMs: number) {
      it.restart(outMs);
      return home;
    },
    /** The registry says something else of the home. */
    change(changed: HomeOptions) {
      it.change(changed);
      return home;
    },
    /** What was concluded since it was last asked. */
    news(): string[] {
      const words = it.concluded.slice(unread).map(word);
      unread = it.concluded.length;
      return words;
    },
    findings: () => it.concluded.flatMap((one) => ('finding' in one ? [one.finding] : [])),
    last: () => home.findings().at(-1),
    state: () => it.town.states.get('home-1'),
  };
  return home;
}
