import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dice } from '../../device-sim/dice.ts';
import { type Home, homeOf, ZONE } from '../../device-sim/home.ts';
import { midnightOf } from '../../device-sim/local-day.ts';
import { registrationOf } from '../../device-sim/registration.ts';
import type { Finding } from '../../domain/finding.ts';
import { household, ROOT_AREA, resident } from '../../domain/household.ts';
import { days, hours, minutes } from '../../domain/time.ts';
import { restore, type Snapshot, takeCheckpoint } from '../../ingest/checkpoint.ts';
import { decode } from '../../ingest/decoders/registry.ts';
import { ruleset } from '../../ingest/household.ts';
import { statesOf } from '../../ingest/replay.ts';
import { rules } from '../../ingest/rules/registry.ts';
import { type Entry, newTown, registerIn, type Town, type TurnTaken, takeTurn } from '../../ingest/town.ts';
import type { RollupDelta } from '../../store/checkpoint.ts';
import { type OpenStore, openStoreHere } from '../../store/open.ts';
import type { Turn } from '../../store/processor.ts';
import type { WatchedHousehold } from '../../store/watched-household.ts';
import { type DeskKept, openVirtualDesk } from './virtual-months-desk.ts';
import { type HubClock, type Outage, type VirtualHome, virtualHome } from './virtual-months-hub.ts';
import { localDays, type Plot } from './virtual-months-life.ts';

/** A home of a batch, as the registry knows it, and what is to become of it. */
export type Lived = {
  readonly home: Home;
  readonly householdId: string;
  readonly hubId: string;
  readonly plot: Plot;
  readonly clock: HubClock;
};

export type Batch = {
  readonly seed: number;
  readonly from: number;
  readonly homes: number;
  readonly days: number;
  readonly plotOf: (home: Home, fromAt: number, lasts: number) => Plot;
  readonly clockOf: (home: Home, fromAt: number) => HubClock;
  /** Whether the batch is taken twice more: from zero, and from a snapshot of the middle. */
  readonly replayed: boolean;
};

export type Misplaced = { early: number; astray: number };

export type BatchLived = {
  readonly lived: readonly Lived[];
  readonly fromAt: number;
  readonly toAt: number;
  readonly outage: Outage;
  readonly findings: readonly Finding[];
  readonly failures: number;
  readonly entries: number;
  readonly kept: DeskKept;
  /** How many readings lie in the series before the batch began, or in other years altogether. */
  readonly misplaced: Readonly<Misplaced>;
  readonly replaysThatDiffer: readonly string[];
};

/** A day in spring on which nothing special is; each batch begins at its midnight. */
const FIRST_DAY = '2026-03-02';
const TURN_MS = minutes(1);
/** A turn is logged at least so often. */
const BEAT_MS = minutes(10);
const PARTITION = { number: 0, of: 1 } as const;
const LEASE = { name: 'partition 0', owner: 'virtual', fence: 1 } as const;
/** A memory disk where there is one: what is tried here is not the disk. */
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

async function settle(open: OpenStore, batch: Batch, fromAt: number): Promise<Lived[]> {
  const homes = Array.from({ length: batch.homes }, (_, n) =>
    homeOf(batch.from + n, { seed: String(batch.seed), prefix: 'virtual' }),
  );
  const registrations = homes.map((home) => {
    const { hub, contacts, devices, ...wished } = registrationOf(home, ROOT_AREA);
    return {
      stationId: ROOT_AREA,
      household: household.omit({ id: true, stationId: true }).parse(wished.household),
      residents: wished.residents.map((it) => resident.omit({ id: true, householdId: true }).parse(it)),
      ...{ contacts, hub, devices },
    };
  });
  const { registered } = await open.store.register({ registrations, now: fromAt });
  return homes.flatMap((home, n) => {
    const known = registered?.[n];
    if (!known?.credential) return [];
    const { householdId, credential } = known;
    const plot = batch.plotOf(home, fromAt, batch.days);
    return [{ home, householdId, hubId: credential.hubId, plot, clock: batch.clockOf(home, fromAt) }];
  });
}

/** The same month said anew: a replay hears it from the beginning. */
function* monthOf(
  lived: readonly Lived[],
  batch: Batch,
  fromAt: number,
  outage: Outage,
): Generator<{ day: number; entries: Entry[] }> {
  const homes: VirtualHome[] = lived.map((it) => virtualHome(it, fromAt + (it.home.number % 60) * 1_000, outage));
  let number = 0;
  for (const [day, localDay] of localDays(fromAt, batch.days, ZONE).entries()) {
    const arriving = homes.flatMap((home) => home.day(localDay, fromAt + days(day + 1)));
    arriving.sort((a, b) => a.at - b.at);
    const entries = arriving.map(({ at, entry }): Entry => {
      const bootAt = at >= outage.toAt ? outage.toAt : fromAt;
      return {
        entry: { ...entry, receivedAt: at, monotonicAt: at - bootAt } as Entry['entry'],
        position: { stream: 'a', number: ++number },
      };
    });
    yield { day, entries };
  }
}

const townOf = (households: readonly WatchedHousehold[]): Town => {
  const town = newTown(ruleset(rules), decode, PARTITION);
  for (const it of households) registerIn(town, it);
  return town;
};

/** What the towns of one batch have in common: turns as they were taken first. */
type Logged = { readonly turn: Turn; readonly keys: readonly string[] };

const keysOf = (findings: readonly Finding[]): string[] =>
  findings.map((it) => `${it.householdId} ${it.occurrenceKey}`);
const findingsOf = ({ conclusions }: Pick<ReturnType<typeof takeTurn>, 'conclusions'>): Finding[] =>
  conclusions.flatMap((it) => ('finding' in it ? [it.finding] : []));

/** Takes the logged turns of a batch once more. */
function replayDiffers(
  name: string,
  town: Town,
  log: readonly Logged[],
  month: Generator<{ entries: Entry[] }>,
  after: number,
  expected: Readonly<Record<string, string>>,
): string[] {
  let previous: Turn | null = null;
  let waiting: Entry[] = [];
  let at = 0;
  for (const { turn, keys } of log) {
    const upTo = turn.cut.a ?? 0;
    while ((waiting.at(-1)?.position.number ?? 0) < upTo) {
      const next = month.next();
      if (next.done) break;
      waiting = [...waiting.slice(at), ...next.value.entries];
      at = 0;
    }
    const from = at;
    while (at < waiting.length && (waiting[at]?.position.number ?? 0) <= upTo) at++;
    if (turn.number > after) {
      const again = keysOf(findingsOf(takeTurn(town, turn, previous, waiting.slice(from, at))));
      if (again.join() !== keys.join()) return [`${name}: turn ${turn.number} concludes ${again} and not ${keys}`];
    }
    previous = turn;
  }
  const states = statesOf(town);
  const others = Object.keys(expected).filter((householdId) => states[householdId] !== expected[householdId]);
  return others.length > 0 ? [`${name}: ${others.length} households end otherwise`] : [];
}

/** Counts what the series gained where it should not have, without keeping it. */
function tally(misplaced: Misplaced, rollups: readonly RollupDelta[], fromAt: number, toAt: number): void {
  for (const { size, at, n } of rollups) {
    if (size !== 3_600) continue;
    if (at < fromAt - days(32) || at > toAt + days(1)) misplaced.astray += n;
    else if (at < fromAt - days(1)) misplaced.early += n;
  }
}

/** Shouwang itself is out for a while, once in each batch. */
function outageIn({ seed, from, days: lasts }: Batch, fromAt: number): Outage {
  const chance = dice(seed, from, 'outage');
  const at = fromAt + hours(30) + chance.between(0, Math.max(1, days(lasts) - hours(40)));
  const minute = Math.floor(at / TURN_MS);
  return { fromAt: minute * TURN_MS, toAt: Math.floor(minute + chance.between(3, 90)) * TURN_MS };
}

/** A town that takes its turns as the processor would, and remembers what it would have logged and kept. */
function liveTown(town: Town, fromAt: number, toAt: number, outage: Outage) {
  const log: Logged[] = [];
  const documents = new Map<string, Snapshot['documents'][number]>();
  const did = { failures: 0, entries: 0, findings: [] as Finding[], misplaced: { early: 0, astray: 0 } };
  let last: Turn | null = null;

  function isDue(entries: readonly Entry[], at: number, since: number): boolean {
    if (entries.length > 0 || town.wakeAt <= at || last === null) return true;
    return at - last.at >= BEAT_MS || last.watchingSince !== since;
  }

  return {
    ...{ log, did },
    turn(entries: readonly Entry[], at: number): TurnTaken['conclusions'] {
      const since = at > outage.toAt ? outage.toAt : fromAt;
      if (!isDue(entries, at, since)) return [];
      const cut = { a: entries.at(-1)?.position.number ?? last?.cut.a ?? 0 };
      const next: Turn = { number: (last?.number ?? 0) + 1, at, watchingSince: since, linksSince: since, cut };
      const taken = takeTurn(town, next, last, entries);
      last = next;
      did.failures += taken.failures.length;
      did.entries += entries.length;
      did.findings.push(...findingsOf(taken));
      log.push({ turn: next, keys: keysOf(findingsOf(taken)) });
      return taken.conclusions;
    },
    /** A checkpoint, as it would stand in the store. */
    keep(): Snapshot | null {
      if (!last) return null;
      const { number } = last;
      for (const part of takeCheckpoint(town, LEASE, last, false)) {
        for (const it of part.households) {
          for (const state of it.states) documents.set(state.householdId, { ...state, turn: number });
          tally(did.misplaced, it.rollups, fromAt, toAt);
        }
        if (part.complete) documents.set(part.complete.householdId, { ...part.complete, turn: number });
      }
      return { turn: number, documents: [...documents.values()] };
    },
  };
}

/** Lives the days of some homes, on a virtual clock and over a real store for the alerts. */
export async function liveBatch(batch: Batch): Promise<BatchLived> {
  const folder = mkdtempSync(join(FOLDER, 'shouwang-virtual-'));
  const open = await openStoreHere(join(folder, 'shouwang.db'));
  const fromAt = midnightOf(FIRST_DAY, ZONE);
  const toAt = fromAt + days(batch.days);
  const lived = await settle(open, batch, fromAt);
  const { households } = await open.store.householdsSince({ revision: 0, limit: 10_000 });
  const outage = outageIn(batch, fromAt);
  const town = townOf(households);
  const living = liveTown(town, fromAt, toAt, outage);
  const desk = openVirtualDesk(open.store, batch.seed);
  let snapshot: Snapshot | null = null;

  for (const { day, entries } of monthOf(lived, batch, fromAt, outage)) {
    let at = 0;
    for (let now = fromAt + days(day) + TURN_MS; now <= fromAt + days(day + 1); now += TURN_MS) {
      const from = at;
      while (at < entries.length && (entries[at]?.entry.receivedAt ?? 0) <= now) at++;
      if (now <= outage.fromAt || now > outage.toAt)
        await desk.conclude(living.turn(entries.slice(from, at), now), now);
      await desk.pass(now);
    }
    await desk.check(fromAt + days(day + 1));
    const kept = living.keep();
    if (day === Math.floor(batch.days / 2) - 1) snapshot = kept;
  }

  const differs: string[] = [];
  if (batch.replayed) {
    const states = statesOf(town);
    for (const from of [null, snapshot]) {
      const again = townOf(households);
      if (from) restore(again, from);
      const name = from ? 'from a snapshot' : 'from zero';
      const month = monthOf(lived, batch, fromAt, outage);
      differs.push(...replayDiffers(name, again, living.log, month, from?.turn ?? 0, states));
    }
  }
  await open.close();
  rmSync(folder, { recursive: true, force: true });
  return { ...{ lived, fromAt, toAt, outage, kept: desk.kept, replaysThatDiffer: differs }, ...living.did };
}
