import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT_AREA } from '../domain/household.ts';
import { days, hours, minutes } from '../domain/time.ts';
import { movedClock } from '../runtime/clock.ts';
import { type Log, silentLog } from '../runtime/log.ts';
import { openMetrics } from '../runtime/metrics.ts';
import type { KeptHousehold } from '../store/checkpoint.ts';
import { openStoreHere } from '../store/open.ts';
import { engines } from '../test/memory.ts';
import { until } from '../test/system.ts';
import { decode } from './decoders/registry.ts';
import { startProcessor } from './processor.ts';
import { forgetOld, retention, startRetention } from './retention.ts';
import { rules } from './rules/registry.ts';
import { SERIES, SERIES_LEASE } from './series-export.ts';
import { MIDNIGHT } from './timeline.test-kit.ts';
import { registerHomes, soleLease, streamOf, WHOLE } from './town.test-kit.ts';

describe.each(engines)('retention on $name', (engine) => {
  if (engine.unavailable) return test.skip(engine.unavailable);
  let started: Awaited<ReturnType<typeof engine.start>>;
  beforeAll(async () => {
    started = await engine.start();
  });
  afterAll(() => started.stop());

  test('what is older than its class allows is forgotten, and the rest stays', async () => {
    const { store, close } = await openStoreHere(await started.database());
    const now = MIDNIGHT;
    const homes = await registerHomes(store, 3, now);
    const kept = ({ householdId, hubId }: (typeof homes)[number]): KeptHousehold => {
      const place = { householdId, hubId };
      const single = (kind: 'heart_rate' | 'open', ageDays: number) => ({
        ...{ ...place, device: 'd', kind, value: 1, at: now - days(ageDays), position: `${kind} ${ageDays}` },
      });
      const bucket = (size: number, ageDays: number, device = 'd') => ({
        ...{
          ...place,
          device,
          kind: 'motion' as const,
          size,
          at: now - days(ageDays),
          n: 1,
          sum: 1,
          min: 1,
          max: 1,
          minutes: '0',
        },
      });
      return {
        states: [],
        readings: [single('heart_rate', 399), single('heart_rate', 401), single('open', 89), single('open', 91)],
        rollups: [99, 101]
          .flatMap((age) => Array.from({ length: 700 }, (_, n) => bucket(3_600, age, `d${n}`)))
          .concat([3_652, 3_654].map((age) => bucket(86_400, age))),
        ...{ latest: [], devices: [], hubs: [] },
      };
    };
    await store.commitCheckpoint({
      lease: await soleLease(store),
      ...{ processor: 'x', turn: 1, households: homes.map(kept), linksUnknown: false },
      complete: { householdId: 'processor:x', state: '{}' },
    });
    expect(await forgetOld({ store, now, journalDays: 7, exporting: false })).toEqual({
      ...{ readings: 3 * 2, rollups: 3 * 701, segments: 0, ungiven: 0, turns: 0 },
    });
    expect(await forgetOld({ store, now, journalDays: 7, exporting: false })).toMatchObject({
      readings: 0,
      rollups: 0,
    });
    const of = { householdId: homes[1]!.householdId, from: 0, to: now };
    const left = await Promise.all(
      [0, 60, 3_600, 86_400].map((size) => store.series({ ...of, kind: size === 0 ? 'heart_rate' : 'motion', size })),
    );
    expect(left.map((points) => points.length)).toEqual([1, 700, 700, 1]);
    await close();
  });

  test('the journal is kept as far as a processor may have to read again, and a stream never loses its end', async () => {
    const { store, close } = await openStoreHere(await started.database());
    const clock = movedClock(MIDNIGHT);
    const homes = await registerHomes(store, 1, clock.now());
    const { hubId } = homes[0]!;
    const write = streamOf(store, 'a');
    const speak = () => {
      const times = { receivedAt: clock.now(), monotonicAt: clock.now() };
      return write([
        { kind: 'packet', hubId, topic: `sw/${hubId}/up`, payload: Buffer.from('{}'), qos: 1, retain: false, ...times },
      ]);
    };
    const processor = await startProcessor({
      ...{ store, clock, log: silentLog, nudge: { send: () => {} }, rules, decode, intakeStartedAt: clock.now() },
      ...{ partition: WHOLE, lease: await soleLease(store) },
      checkpointEveryMs: days(1_000),
    });
    for (let n = 0; n < 30; n++) {
      await speak();
      await processor.round();
      clock.forward(hours(12));
    }
    // Nothing may go before the first checkpoint: all of it would be read again.
    expect(await forgetOld({ store, now: clock.now(), journalDays: 7, exporting: false })).toMatchObject({
      segments: 0,
      turns: 0,
    });
    await processor.stop();
    // What InfluxDB has not got waits for it as long again, and what goes all the same is counted apart.
    await store.keepCut({ consumer: SERIES, cut: { a: 1 } });
    await store.takeLease({ name: SERIES_LEASE, owner: 'another process', seen: null });
    const metrics = openMetrics();
    const said: { turns?: number }[] = [];
    const log = { ...silentLog, error: () => {}, info: (it: object) => void said.push(it) } as unknown as Log;
    await store.keepClockRun({ at: clock.now() - hours(1), since: clock.now() - days(1) });
    const stop = startRetention({ store, clock, log, metrics, journalDays: 7 });
    const owner = { scope: { areaId: ROOT_AREA, householdId: null }, userId: '' };
    const lost = await until('the owner to be told', async () => {
      const { alerts } = await store.queue({ ...owner, state: 'unclosed', limit: 10, now: clock.now() });
      return alerts.find(({ rule }) => rule === 'retention');
    });
    await stop();
    expect(said[0]?.turns).toBeGreaterThan(10);
    expect(lost).toMatchObject({ category: 'system', evidence: { numbers: { count: 1 } } });
    expect(await metrics.text()).toContain('shouwang_series_forgotten_total 1');
    expect((await store.segmentsAfter({ stream: 'a', after: 0, limit: 1 }))[0]?.first).toBe(3);
    const all = await forgetOld({ store, now: clock.now(), journalDays: 7, exporting: false });
    expect(all.segments).toBe(14);
    expect((await store.segmentsAfter({ stream: 'a', after: 0, limit: 100 }))[0]?.first).toBe(17);

    clock.forward(days(100));
    const again = await forgetOld({ store, now: clock.now(), journalDays: 7, exporting: false });
    expect(again.segments).toBe(13);
    expect(await store.streamHeads(null)).toEqual({ a: 30 });
    const resumed = await startProcessor({
      ...{ store, clock, log: silentLog, nudge: { send: () => {} }, rules, decode, intakeStartedAt: clock.now() },
      ...{ partition: WHOLE, lease: await soleLease(store) },
    });
    await speak();
    clock.forward(minutes(1));
    await resumed.round();
    expect(resumed.town.states.get(homes[0]!.householdId)?.hubs[hubId]?.heardAt).toBe(clock.now() - minutes(1));
    await close();
  });

  /** Three packets in a stream, of which the processor has kept two. */
  async function threeWords(store: Awaited<ReturnType<typeof openStoreHere>>['store']) {
    const [home] = await registerHomes(store, 1, MIDNIGHT);
    const write = streamOf(store, 'a');
    const times = { receivedAt: MIDNIGHT, monotonicAt: 0 };
    const packet = { hubId: home!.hubId, topic: 't', payload: Buffer.from('{}'), qos: 1, retain: false } as const;
    for (let n = 0; n < 3; n++) await write([{ kind: 'packet', ...packet, ...times }]);
    const turn = { number: 1, at: MIDNIGHT, watchingSince: MIDNIGHT, linksSince: MIDNIGHT, cut: { a: 2 } };
    const lease = await soleLease(store);
    await store.commitTurn({ lease, processor: '0', turn, findings: [], recoveries: [], at: MIDNIGHT });
    const complete = { householdId: 'processor:0', state: '{}' };
    await store.commitCheckpoint({ lease, processor: '0', turn: 1, households: [], complete, linksUnknown: false });
    const owner = { scope: { areaId: ROOT_AREA, householdId: null }, userId: '' };
    return {
      first: async () => (await store.segmentsAfter({ stream: 'a', after: 0, limit: 1 }))[0]?.first,
      told: async () =>
        (await store.queue({ ...owner, state: 'unclosed', limit: 10, now: 0 })).alerts.map(({ subject }) => subject),
    };
  }

  test('what another process has yet to give to InfluxDB is kept, and what nobody gives any more is not', async () => {
    const { store, close } = await openStoreHere(await started.database());
    const { first, told } = await threeWords(store);
    const clock = movedClock(MIDNIGHT + days(8));
    await store.keepClockRun({ at: clock.now(), since: MIDNIGHT });
    const name = SERIES_LEASE;
    const fence = await store.takeLease({ name, owner: 'another process', seen: null });
    const round = retention({ store, clock, log: silentLog, metrics: openMetrics(), journalDays: 7 });
    for (let hour = 0; hour < 24; hour++) {
      await store.renewLease({ name, owner: 'another process', fence: fence! });
      await round();
      clock.forward(hours(1));
    }
    expect(await first()).toBe(1);
    for (let hour = 0; hour < 13; hour++) {
      await round();
      clock.forward(hours(1));
    }
    expect([await first(), await told()]).toEqual([3, []]);
    await close();
  });

  test('a clock that has leapt a year ahead forgets nothing, however often Shouwang is started by it', async () => {
    const { store, close } = await openStoreHere(await started.database());
    const clock = { ...movedClock(MIDNIGHT), steppedMs: () => steppedMs };
    let steppedMs = 0;
    const { first, told } = await threeWords(store);
    const restarted = () => retention({ store, clock, log: silentLog, metrics: openMetrics(), journalDays: 7 });
    await restarted()();
    expect(await told()).toEqual([]);
    clock.forward(days(365));
    for (const hour of [0, 1, 22]) {
      clock.forward(hours(hour));
      await restarted()();
    }
    expect([await first(), await told()]).toEqual([1, ['clock leap']]);
    // Set right while Shouwang runs: its own clock goes on in the future, and the wall's is believed a day later.
    const running = restarted();
    steppedMs = -days(365);
    await running();
    clock.forward(hours(25));
    await running();
    expect(await first()).toBe(1);
    // A clock that nobody has set for a day is believed.
    steppedMs = 0;
    for (const hour of [0, 24]) {
      clock.forward(hours(hour));
      await running();
    }
    expect([await first(), (await told()).length]).toEqual([3, 1]);
    await close();
  });
});
