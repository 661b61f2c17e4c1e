import { type Household, vitalLimits, watchSettings } from '../domain/household.ts';
import type { DeviceClass, Hub } from '../domain/hub.ts';
import type { JournalEntry } from '../domain/packet.ts';
import type { ReadingKind } from '../domain/reading.ts';
import { days, minutes, seconds } from '../domain/time.ts';
import type { Turn, WatchedHousehold } from '../store/processor.ts';
import { restore, takeCheckpoint } from './checkpoint.ts';
import { decode } from './decoders/registry.ts';
import { type Conclusion, ruleset } from './household.ts';
import type { AnyRule } from './rule.ts';
import { rules } from './rules/registry.ts';
import { newTown, registerIn, type Town, takeTurn } from './town.ts';

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
  const [, day = '0', hour = '', minute = '', second = '0'] = /^(?:(\d+)d )?(\d\d):(\d\d)(?::(\d\d))?$/.exec(time) ?? [];
  if (hour === '') throw new Error(`${time} is not a time like 02:10, 02:10:30 or 1d 02:10`);
  return days(Number(day)) + minutes(Number(hour) * 60 + Number(minute)) + seconds(Number(second));
};

/** `sos`, and for what has ended `-hub_lost`. */
const word = (it: Conclusion): string =>
  'finding' in it ? it.finding.category : `-${it.recovery.category}`;

/**
 * One home on a moved clock. Times are of its own day (`1d 02:10` is the next one's); going to a time lets everything happen that
 * falls due on the way, at its own moment.
 */
export function timeline(options: HomeOptions = {}) {
  const registered = { household: householdOf(options) };
  const rulesInUse = ruleset(options.rules ?? rules);
  const concluded: Conclusion[] = [];
  let town: Town = newTown(rulesInUse, decode);
  registerIn(town, registered.household);
  let now = MIDNIGHT + clockOf(options.from ?? '08:00');
  let watching = { watchingSince: now, linksSince: now };
  let last: Turn | null = null;
  let number = 0;
  let epoch = 0;
  let unread = 0;
  let monotonicFrom = now;

  function turn(entries: readonly JournalEntry[]): void {
    const next: Turn = { number: (last?.number ?? 0) + 1, at: now, ...watching, cut: { s: number } };
    const heard = entries.map((entry) => ({ entry, position: { stream: 's', number: ++number } }));
    concluded.push(...takeTurn(town, next, last, heard).conclusions);
    last = next;
  }

  function forward(ms: number): void {
    const target = now + ms;
    while (now < target) {
      now = Math.min(target, Math.max(now + 1, town.wakeAt));
      if (town.wakeAt <= now) turn([]);
    }
  }

  const times = () => ({ receivedAt: now, monotonicAt: now - monotonicFrom });

  const home = {
    now: () => now,
    forward,
    at(time: string) {
      const target = MIDNIGHT + clockOf(time);
      if (target < now) throw new Error(`${time} has passed`);
      forward(target - now);
      return home;
    },
    link(change: 'up' | 'down', hubId = HUB) {
      if (change === 'up') epoch++;
      turn([{ kind: change, hubId, epoch, ...times() }]);
      return home;
    },
    sends(payload: string, { hub = HUB, topic = `sw/${hub}/up` }: Manner = {}) {
      const bytes = new TextEncoder().encode(payload);
      turn([{ kind: 'packet', hubId: hub, topic, payload: bytes, qos: 1, retain: false, ...times() }]);
      return home;
    },
    says(device: string, kind: ReadingKind, value: boolean | number = true, manner: Manner = {}) {
      const { ageMs = 0, wrongClock, boot, seq } = manner;
      const made = wrongClock ? { ts: 'yesterday' } : ageMs > 0 ? { ts: now - ageMs, sent: now } : {};
      const event = seq === undefined ? {} : { boot: boot ?? 'b1', seq };
      return home.sends(JSON.stringify({ ...event, ...made, readings: [{ device, kind, value }] }), manner);
    },
    /** The same every so often, until a time. */
    every(ms: number, until: string, again: () => void) {
      const target = MIDNIGHT + clockOf(until);
      while (now + ms <= target) {
        forward(ms);
        again();
      }
      return home.at(until);
    },
    /** The process ends without a word and starts again. */
    restart(outMs: number) {
      turn([]);
      if (!last) throw new Error('a turn was lost');
      const parts = takeCheckpoint(town, 'p', last, false);
      town = newTown(rulesInUse, decode);
      registerIn(town, registered.household);
      for (const part of parts) {
        const kept = [...part.households.flatMap((it) => it.states), ...(part.complete ? [part.complete] : [])];
        for (const state of kept) restore(town, 'p', last.number, { ...state, turn: last.number });
      }
      now += outMs;
      monotonicFrom = now;
      watching = { watchingSince: now, linksSince: now };
      turn([]);
      return home;
    },
    change(changed: HomeOptions) {
      registered.household = householdOf({ ...options, ...changed });
      registerIn(town, registered.household);
      return home;
    },
    /** What was concluded since it was last asked. */
    news(): string[] {
      const words = concluded.slice(unread).map(word);
      unread = concluded.length;
      return words;
    },
    findings: () => concluded.flatMap((it) => ('finding' in it ? [it.finding] : [])),
    last: () => home.findings().at(-1),
    state: () => town.states.get('home-1'),
    concluded,
  };
  return home;
}
