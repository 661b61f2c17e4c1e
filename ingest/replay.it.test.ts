import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hours, minutes, seconds } from '../domain/time.ts';
import { movedClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import type { Store } from '../store/commands.ts';
import { type OpenStore, openStoreHere } from '../store/open.ts';
import type { WatchedHousehold } from '../store/watched-household.ts';
import { engines } from '../test/memory.ts';
import type { Snapshot } from './checkpoint.ts';
import { decode } from './decoders/registry.ts';
import { type Processor, startProcessor } from './processor.ts';
import { readSnapshot, replay, statesOf } from './replay.ts';
import { rules } from './rules/registry.ts';
import { MIDNIGHT } from './timeline.test-kit.ts';
import { dice, hubOfChance, registerHomes, soleLease, streamOf, type TownHome, WHOLE } from './town.test-kit.ts';

type Run = {
  readonly open: OpenStore;
  readonly homes: readonly TownHome[];
  readonly processor: Processor;
  readonly snapshots: readonly Snapshot[];
  readonly now: number;
};

const quiet = { send: () => {} };

type Play = {
  readonly seed: number;
  readonly steps: number;
  /** Ends the processor without a word before these steps, and starts another one on what is on disk. */
  readonly crashBefore?: readonly number[];
  readonly outMs?: number;
  /** The checkpoint of which only so many parts are written, by its number; its processor ends there. */
  readonly tornAfterParts?: number;
};

/** A store whose user may die: what is under way is done or not when it has, and nothing is done after. */
function mortal(store: Store, partsBeforeDeath = Number.POSITIVE_INFINITY) {
  let parts = 0;
  let dead = false;
  let underWay: Promise<unknown> = Promise.resolve();
  return {
    store: {
      ...store,
      commitCheckpoint(part: Parameters<Store['commitCheckpoint']>[0]) {
        dead ||= parts++ >= partsBeforeDeath;
        if (dead) return new Promise<never>(() => {});
        const written = store.commitCheckpoint(part);
        underWay = written;
        return written;
      },
    },
    isDead: () => dead,
    async die() {
      dead = true;
      await underWay;
    },
  };
}

/** Plays a town of ten homes over two intakes, on a store of its own. */
async function play(url: string, script: Play): Promise<Run> {
  const { seed, steps, crashBefore = [], outMs = seconds(20), tornAfterParts } = script;
  const open = await openStoreHere(url);
  const clock = movedClock(MIDNIGHT + hours(7));
  const homes = await registerHomes(open.store, 10, clock.now(), (n) => ({
    ecosystem: 'shouwang',
    power: n % 3 === 0 ? 'battery' : 'mains',
  }));
  const it = dice(seed);
  const hubs = homes.map(({ hubId }) => hubOfChance(hubId, it));
  const streams = ['a', 'b'].map((name) => streamOf(open.store, name));
  const snapshots: Snapshot[] = [];
  let memory = mortal(open.store, tornAfterParts);
  const start = async (): Promise<Processor> =>
    startProcessor({
      ...{ store: memory.store, clock, log: silentLog, nudge: quiet, rules, decode },
      ...{ partition: WHOLE, lease: await soleLease(open.store) },
      ...{ intakeStartedAt: clock.now(), checkpointEveryMs: minutes(20) },
    });
  let processor = await start();
  for (let step = 0; step < steps; step++) {
    for (const [n, write] of streams.entries()) {
      const times = { receivedAt: clock.now() + n, monotonicAt: clock.now() + n - MIDNIGHT };
      const speakers = hubs.filter((_, hub) => hub % 2 === n && it.chance(0.4));
      await write(speakers.flatMap((speak) => speak(times)));
    }
    await processor.round();
    if (memory.isDead() || crashBefore.includes(step)) {
      await memory.die();
      memory = mortal(open.store);
      clock.forward(outMs);
      processor = await start();
    }
    if (step % 60 === 50) snapshots.push(await readSnapshot(open.store, '0'));
    clock.forward(seconds(15 + it.below(30)));
  }
  return { open, homes, processor, snapshots, now: clock.now() };
}

const householdsOf = async ({ open }: Pick<Run, 'open'>): Promise<readonly WatchedHousehold[]> =>
  (await open.store.householdsSince({ revision: 0, limit: 100 })).households;

/** Every bucket of every series, by the number of its home. */
async function seriesOf({ open, homes }: Run): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const [n, { householdId }] of homes.entries()) {
    for (const kind of [
      'motion',
      'open',
      'systolic',
      'heart_rate',
      'temperature',
      'battery',
      'smoke',
      'sos',
    ] as const) {
      for (const size of [0, 60, 3_600, 86_400]) {
        const points = await open.store.series({ householdId, kind, size, from: 0, to: MIDNIGHT + hours(900) });
        const plain = points.map(({ at, device, n: count, mean, min, max }) => [at, device, count, mean, min, max]);
        all.push([n, kind, size, plain.map((point) => point.join(' ')).sort()]);
      }
    }
  }
  return all;
}

describe.each(engines)('a replay on $name', (engine) => {
  if (engine.unavailable) return test.skip(engine.unavailable);
  let started: Awaited<ReturnType<typeof engine.start>>;
  beforeAll(async () => {
    started = await engine.start();
  });
  afterAll(() => started.stop());

  test('a replay from zero and from any snapshot gives the same findings and, byte for byte, the same states', async () => {
    const run = await play(await started.database(), { seed: 1, steps: 250, crashBefore: [70, 71, 180] });
    await run.processor.stop();
    const known = { households: await householdsOf(run), rules, decode };
    const whole = await replay(run.open.store, WHOLE, known, null);
    expect(whole.keys.length).toBeGreaterThan(100);
    expect(whole.states).toEqual(statesOf(run.processor.town));
    expect(run.snapshots.length).toBeGreaterThan(3);
    for (const snapshot of run.snapshots) {
      const part = await replay(run.open.store, WHOLE, known, snapshot);
      expect(part.states).toEqual(whole.states);
      expect(whole.keys).toEqual(expect.arrayContaining([...part.keys]));
    }
    // All of them are on record, and raising them once more raises nothing.
    const log: unknown[] = [];
    const again = await startProcessor({
      ...{ store: run.open.store, clock: movedClock(run.now), nudge: quiet, rules, decode },
      ...{ partition: WHOLE, lease: await soleLease(run.open.store) },
      ...{ log: { ...silentLog, warn: (said: unknown) => log.push(said) }, intakeStartedAt: null },
    });
    expect(log).toEqual([]);
    expect(statesOf(again.town)).toEqual(whole.states);
    await run.open.close();
  });

  test('crashes leave every series as it would have been, also in the middle of a checkpoint', async () => {
    const script = { seed: 2, steps: 130, outMs: 0 };
    const calm = await play(await started.database(), script);
    const crashed = await play(await started.database(), { ...script, crashBefore: [33, 60, 61, 100] });
    const torn = await play(await started.database(), { ...script, tornAfterParts: 2 });
    for (const run of [calm, crashed, torn]) await run.processor.stop();
    const series = await seriesOf(calm);
    expect(await seriesOf(crashed)).toEqual(series);
    expect(await seriesOf(torn)).toEqual(series);
    for (const run of [calm, crashed, torn]) await run.open.close();
  });

  test('one that dies again and again, sooner than it would keep anything, has no more to replay each time', async () => {
    const steps = Array.from({ length: 40 }, (_, step) => step);
    const run = await play(await started.database(), { seed: 3, steps: steps.length, crashBefore: steps });
    const turns = await run.open.store.turnsFrom({ processor: '0', number: 0 });
    expect(turns.length).toBeGreaterThanOrEqual(steps.length);
    expect(turns.length - (await run.open.store.checkpointTurn({ processor: '0' }))).toBeLessThan(5);
    await run.processor.stop();
    await run.open.close();
  });

  test('one that dies each time before it has replayed all comes further each time, and keeps everything once', async () => {
    const script = { seed: 4, steps: 35, outMs: 0 };
    const calm = await play(await started.database(), script);
    const run = await play(await started.database(), script);
    const { store } = run.open;
    const clock = movedClock(run.now);
    const reached = [await store.checkpointTurn({ processor: '0' })];
    const turns = await store.turnsFrom({ processor: '0', number: 0 });
    expect(turns.length - Number(reached[0])).toBeGreaterThan(30);

    /** Lives for so many looks at the journal, each of which takes time. */
    const live = async (looks: number): Promise<Processor | null> => {
      const memory = mortal(store);
      let left = looks;
      const died = Promise.withResolvers<null>();
      const dying = {
        ...memory.store,
        segmentsAfter(asked: Parameters<Store['segmentsAfter']>[0]) {
          clock.forward(300);
          if (left-- > 0) return store.segmentsAfter(asked);
          void memory.die().then(() => died.resolve(null));
          return new Promise<never>(() => {});
        },
      };
      const processor = startProcessor({
        ...{ store: dying, clock, log: silentLog, nudge: quiet, rules, decode, intakeStartedAt: null },
        ...{ partition: WHOLE, lease: await soleLease(store) },
      });
      return Promise.race([processor, died.promise]);
    };
    const LOOKS = 20;
    let last = await live(LOOKS);
    while (!last) {
      reached.push(await store.checkpointTurn({ processor: '0' }));
      expect(reached.at(-1)).toBeGreaterThan(reached.at(-2) ?? 0);
      last = await live(LOOKS);
    }
    expect(reached.length).toBeGreaterThan(2);
    await last.stop();
    await calm.processor.stop();
    expect(await seriesOf(run)).toEqual(await seriesOf(calm));
    for (const { open } of [calm, run]) await open.close();
  });
});
