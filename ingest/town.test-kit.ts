import { resident, watchSettings } from '../domain/household.ts';
import type { Ecosystem, Hub } from '../domain/hub.ts';
import type { JournalEntry } from '../domain/packet.ts';
import { type ReadingKind, readingKinds } from '../domain/reading.ts';
import { hours, minutes } from '../domain/time.ts';
import type { Store } from '../store/commands.ts';
import type { HeldLease } from '../store/lease.ts';
import { segmentWriter } from '../store/segment.ts';

/** A small generator with a seed (mulberry32): a run that fails can be run again. */
export function dice(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return {
    next,
    below,
    chance: (p: number): boolean => next() < p,
    one: <T>(of: readonly T[]): T => of[below(of.length)] as T,
  };
}
export type Dice = ReturnType<typeof dice>;

export type TownHome = { readonly householdId: string; readonly hubId: string };

/** Registers so many homes, each with one hub. */
export async function registerHomes(
  store: Pick<Store, 'register'>,
  homes: number,
  now: number,
  of: (n: number) => { readonly ecosystem: Ecosystem; readonly power: Hub['power'] } = () => ({
    ecosystem: 'shouwang',
    power: 'mains',
  }),
): Promise<TownHome[]> {
  const { id: _, householdId: __, ...somebody } = resident.parse({ id: '', householdId: '', name: 'R' });
  const answer = await store.register({
    now,
    registrations: Array.from({ length: homes }, (_, n) => ({
      stationId: 'root',
      household: {
        name: `Home ${n}`,
        address: '',
        latitude: null,
        longitude: null,
        access: '',
        mode: 'live' as const,
        settings: watchSettings.parse({ inactivityDayMinutes: 120, inactivityNightMinutes: 300 }),
        plans: {},
      },
      residents: [somebody],
      contacts: [],
      hub: { clientId: `client-${n}`, ...of(n) },
      devices: [],
    })),
  });
  if (!answer.registered) throw new Error('the homes could not be registered');
  return answer.registered.map(({ householdId, credential }) => ({ householdId, hubId: credential?.hubId ?? '' }));
}

export const WHOLE = { number: 0, of: 1 };

/** The right to work on all households, from whoever had it before. */
export async function soleLease(store: Pick<Store, 'leases' | 'takeLease'>): Promise<HeldLease> {
  const name = 'partition 0';
  const [seen = null] = await store.leases({ prefix: name });
  const fence = await store.takeLease({ name, owner: 'test', seen });
  if (fence === null) throw new Error('somebody else took the lease');
  return { name, owner: 'test', fence };
}

/** An intake's own stream, without the intake: what is written stands in the journal. */
export function streamOf(store: Pick<Store, 'commitSegment'>, stream: string) {
  let first = 1;
  return async (entries: readonly JournalEntry[]): Promise<void> => {
    if (entries.length === 0) return;
    const writer = segmentWriter();
    for (const entry of entries) writer.add(entry);
    const count = entries.length;
    const nothing = { findings: [], alarmStates: [], catalogues: [], unreadable: [] };
    await store.commitSegment({
      stream,
      first,
      count,
      at: entries[0]?.receivedAt ?? 0,
      bytes: writer.take(),
      ...nothing,
    });
    first += count;
  };
}

const devices: readonly (readonly [device: string, kind: ReadingKind])[] = [
  ['hall', 'motion'],
  ['bath', 'motion'],
  ['front', 'open'],
  ['cuff', 'systolic'],
  ['watch', 'heart_rate'],
  ['kitchen', 'smoke'],
  ['button', 'sos'],
  ['hall', 'battery'],
  ['front', 'tamper'],
  ['kitchen', 'temperature'],
  ['', 'heartbeat'],
];

const sayable = (kind: ReadingKind, it: Dice): boolean | number =>
  readingKinds[kind].shape !== 'measure' ? kind === 'motion' || it.chance(0.5) : Math.round(it.next() * 200);

/** What a hub may do next: speak, late or twice or out of order or with a wrong clock; count anew; lose its connection; send rubbish. */
export function hubOfChance(hubId: string, it: Dice) {
  let seq = 0;
  let epoch = 0;
  let up = false;
  const kept: string[] = [];

  function speech(now: number): string {
    const [device, kind] = it.one(devices);
    const ageMs = it.chance(0.15) ? it.below(it.chance(0.5) ? minutes(20) : hours(48)) : 0;
    const made = it.chance(0.03) ? { ts: 'never' } : { ts: now - ageMs, sent: now };
    const boot = `b${Math.floor(seq / 500)}`;
    // Reset, it counts anew and does not say so.
    if (it.chance(0.005)) seq -= seq % 500;
    const event = it.chance(0.8) ? { boot, seq: seq++ } : {};
    return JSON.stringify({ ...event, ...made, readings: [{ device, kind, value: sayable(kind, it) }] });
  }

  return (times: { readonly receivedAt: number; readonly monotonicAt: number }): JournalEntry[] => {
    if (!up || it.chance(0.01)) {
      up = !up;
      if (up) epoch++;
      return [{ kind: up ? 'up' : 'down', hubId, epoch, ...times }];
    }
    const payload = it.chance(0.1) && kept.length > 0 ? it.one(kept) : it.chance(0.02) ? '{' : speech(times.receivedAt);
    if (kept.length < 50) kept.push(payload);
    else kept[it.below(50)] = payload;
    // Held back, it comes later as one of the kept ones: out of order.
    if (it.chance(0.05)) return [];
    const topic = `sw/${hubId}/${it.chance(0.05) ? 'emergency' : 'up'}`;
    return [{ kind: 'packet', hubId, topic, payload: Buffer.from(payload), qos: 1, retain: false, ...times }];
  };
}
