import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { days, hours, minutes, seconds } from '../domain/time.ts';
import { movedClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import type { Store } from '../store/commands.ts';
import { StoreError } from '../store/failure.ts';
import { isFenced } from '../store/lease.ts';
import { type OpenStore, openStoreHere } from '../store/open.ts';
import type { WatchedHousehold } from '../store/watched-household.ts';
import { engines } from '../test/memory.ts';
import { decode } from './decoders/registry.ts';
import { startProcessor } from './processor.ts';
import { replay } from './replay.ts';
import { anyRule, type Rule } from './rule.ts';
import { rules } from './rules/registry.ts';
import { MIDNIGHT } from './timeline.test-kit.ts';
import { registerHomes, soleLease, streamOf, type TownHome, WHOLE } from './town.test-kit.ts';

const quiet = { send: () => {} };

const householdsOf = async ({ open }: { open: OpenStore }): Promise<readonly WatchedHousehold[]> =>
  (await open.store.householdsSince({ revision: 0, limit: 100 })).households;

describe.each(engines)('the processor on $name', (engine) => {
  if (engine.unavailable) return test.skip(engine.unavailable);
  let started: Awaited<ReturnType<typeof engine.start>>;
  beforeAll(async () => {
    started = await engine.start();
  });
  afterAll(() => started.stop());

  test('a restart in the middle raises no losses, however many hubs there are', async () => {
    const open = await openStoreHere(await started.database());
    const clock = movedClock(MIDNIGHT + hours(9));
    const homes = await registerHomes(open.store, 40, clock.now());
    const write = streamOf(open.store, 'a');
    const options = {
      ...{ store: open.store, clock, log: silentLog, nudge: quiet, rules, decode },
      ...{ partition: WHOLE, lease: await soleLease(open.store) },
    };
    let origin = clock.now();
    const connect = (epoch: number) => {
      const times = { receivedAt: clock.now(), monotonicAt: clock.now() - origin };
      return write(homes.map(({ hubId }) => ({ kind: 'up', hubId, epoch, ...times })));
    };
    await connect(1);
    const before = await startProcessor({ ...options, intakeStartedAt: clock.now() });
    for (let n = 0; n < 40; n++) {
      await before.round();
      clock.forward(seconds(25));
    }
    const startedAt = clock.now();
    clock.forward(seconds(1));
    origin = startedAt;
    await connect(1);
    clock.forward(seconds(3));
    const after = await startProcessor({ ...options, intakeStartedAt: startedAt });
    for (let n = 0; n < 60; n++) {
      await after.round();
      clock.forward(seconds(25));
    }
    expect((await open.store.facts({ now: clock.now() })).connectedHubs).toBe(40);
    const queue = await open.store.systemState({ scope: { areaId: 'root', householdId: null }, now: clock.now() });
    expect(queue.hubs).toMatchObject({ connected: 40, lost: 0 });
    expect(await open.store.nextDue(null)).toBeNull();
    await open.close();
  });

  test.each([
    [
      'a process that stood still for ten minutes is one incident and no loss: its hubs are connected still',
      minutes(10),
      1,
    ],
    [
      'a clock that was set back while we were out is one incident, concludes nothing twice, loses nobody',
      -hours(1),
      1,
    ],
  ])('%s', async (_, jumpMs, incidents) => {
    const open = await openStoreHere(await started.database());
    const homes = await registerHomes(open.store, 5, MIDNIGHT);
    const write = streamOf(open.store, 'a');
    const options = {
      ...{ store: open.store, log: silentLog, nudge: quiet, rules, decode },
      ...{ partition: WHOLE, lease: await soleLease(open.store) },
    };
    const connect = (at: number) =>
      write(homes.map(({ hubId }) => ({ kind: 'up', hubId, epoch: 1, receivedAt: at, monotonicAt: 0 })));
    let clock = movedClock(MIDNIGHT + hours(9));
    let processor = await startProcessor({ ...options, clock, intakeStartedAt: clock.now() });
    await connect(clock.now());
    for (let n = 0; n < 10; n++, clock.forward(seconds(20))) await processor.round();
    if (jumpMs > 0) clock.forward(jumpMs);
    else {
      await processor.stop();
      clock = movedClock(clock.now() + jumpMs);
      processor = await startProcessor({ ...options, clock, intakeStartedAt: clock.now() });
      await connect(clock.now() + 1);
    }
    for (let n = 0; n < 60; n++, clock.forward(seconds(20))) await processor.round();
    const { changes } = await open.store.news({ since: 0, notices: 'all' });
    expect(changes.map((it) => it.householdId)).toEqual(Array.from({ length: incidents }, () => 'system'));
    const turns = await open.store.turnsFrom({ processor: '0', number: 0 });
    expect(turns.map((turn) => turn.at)).toEqual(turns.map((turn) => turn.at).sort((a, b) => a - b));
    await processor.stop();
    await open.close();
  });

  test('a memory that was away while a turn was written costs nobody: hubs are connected still, whichever stream comes back first', async () => {
    const open = await openStoreHere(await started.database());
    const clock = movedClock(MIDNIGHT + hours(9));
    const homes = await registerHomes(open.store, 5, clock.now());
    const origin = clock.now();
    const write = { a: streamOf(open.store, 'a'), 'a critical': streamOf(open.store, 'a critical') };
    const times = () => ({ receivedAt: clock.now(), monotonicAt: clock.now() - origin });
    const beat = (stream: keyof typeof write) => write[stream]([{ kind: 'beat', ...times() }]);
    let awayMs = 0;
    const store: Store = {
      ...open.store,
      async commitTurn(turn) {
        clock.forward(awayMs);
        await open.store.commitTurn(turn);
        return [];
      },
    };
    const processor = await startProcessor({
      ...{ store, clock, log: silentLog, nudge: quiet, rules, decode, intakeStartedAt: null },
      ...{ partition: WHOLE, lease: await soleLease(open.store) },
    });
    await write.a(homes.map(({ hubId }) => ({ kind: 'up', hubId, epoch: 1, ...times() })));
    for (let n = 0; n < 5; n++, clock.forward(seconds(10))) {
      await beat('a');
      await beat('a critical');
      await processor.round();
    }
    awayMs = minutes(10);
    await beat('a');
    await processor.round();
    awayMs = 0;
    await beat('a critical');
    await processor.round();
    clock.forward(seconds(1));
    await beat('a');
    await processor.round();
    const { changes } = await open.store.news({ since: 0, notices: 'all' });
    expect(changes.map((it) => it.householdId)).toEqual(['system']);
    await processor.stop();
    await open.close();
  });

  test('a rule that throws on one home is said once, and every other home and rule goes on', async () => {
    const open = await openStoreHere(await started.database());
    const clock = movedClock(MIDNIGHT + hours(9));
    const [bad, good] = await registerHomes(open.store, 2, clock.now());
    const write = streamOf(open.store, 'a');
    const poison: Rule<number> = {
      name: 'poison',
      initial: 0,
      hears: ['motion'],
      step(count, input, home) {
        if (input.kind !== 'reading') return null;
        if (home.household.householdId === bad!.householdId) throw new Error('poison');
        return { state: count + 1 };
      },
    };
    const processor = await startProcessor({
      ...{ store: open.store, clock, log: silentLog, nudge: quiet, decode, intakeStartedAt: clock.now() },
      ...{ partition: WHOLE, lease: await soleLease(open.store) },
      rules: [anyRule(poison), ...rules],
    });
    const says = (hubId: string, kind: string) => ({
      ...{ kind: 'packet' as const, hubId, topic: `sw/${hubId}/up`, qos: 1 as const, retain: false },
      ...{ receivedAt: clock.now(), monotonicAt: clock.now() },
      payload: Buffer.from(
        JSON.stringify({ readings: [{ device: 'd', kind }], ts: clock.now(), sent: clock.now() }).replace(
          '"}]',
          '","value":true}]',
        ),
      ),
    });
    for (let n = 0; n < 5; n++) {
      await write([says(bad!.hubId, 'motion'), says(good!.hubId, 'motion'), says(bad!.hubId, 'sos')]);
      await processor.round();
      clock.forward(seconds(20));
    }
    const states = processor.town.states;
    expect(states.get(good!.householdId)?.rules.poison).toBe(5);
    expect(states.get(bad!.householdId)?.rules).not.toHaveProperty('poison');
    expect(states.get(bad!.householdId)?.rules).toHaveProperty('inactivity');
    const known = { households: await householdsOf({ open }), rules: [anyRule(poison), ...rules], decode };
    const { keys } = await replay(open.store, WHOLE, known, null);
    expect(keys.filter((key) => key.includes('monitoring_degraded'))).toHaveLength(1);
    expect(keys.filter((key) => key.includes(' at:'))).toHaveLength(5);
    await open.close();
  });

  test('what a new hub says is not lost when the registry cannot be asked just then who it is', async () => {
    const open = await openStoreHere(await started.database());
    const clock = movedClock(MIDNIGHT + hours(9));
    let away = 0;
    const householdsSince: Store['householdsSince'] = async (asked) => {
      if (away-- > 0) throw new StoreError('unavailable', new Error('away'), undefined);
      return open.store.householdsSince(asked);
    };
    const processor = await startProcessor({
      ...{ store: { ...open.store, householdsSince }, clock, log: silentLog, nudge: quiet, rules, decode },
      ...{ partition: WHOLE, lease: await soleLease(open.store), intakeStartedAt: null },
    });
    const [home] = await registerHomes(open.store, 1, clock.now());
    const times = { receivedAt: clock.now(), monotonicAt: clock.now() };
    await streamOf(open.store, 'a')([{ kind: 'up', hubId: home!.hubId, epoch: 1, ...times }]);
    away = 1;
    await processor.round().catch(() => {});
    await processor.round();
    expect(processor.town.states.get(home!.householdId)?.hubs[home!.hubId]?.up).toBe(true);
    await processor.stop();
    await open.close();
  });

  test('a device that shows by and by what it is for is kept as that, across restarts', async () => {
    const open = await openStoreHere(await started.database());
    const clock = movedClock(MIDNIGHT + hours(9));
    const [home] = await registerHomes(open.store, 1, clock.now());
    const write = streamOf(open.store, 'a');
    for (const [kind, value] of [
      ['heart_rate', 70],
      ['sos', true],
      ['motion', true],
    ]) {
      const processor = await startProcessor({
        ...{ store: open.store, clock, log: silentLog, nudge: quiet, rules, decode, intakeStartedAt: null },
        ...{ partition: WHOLE, lease: await soleLease(open.store) },
      });
      const payload = Buffer.from(JSON.stringify({ readings: [{ device: 'watch', kind, value }] }));
      const times = { receivedAt: clock.now(), monotonicAt: 0 };
      const said = { kind: 'packet' as const, hubId: home!.hubId, topic: 'sw/x/up', qos: 1 as const, retain: false };
      await write([{ ...said, ...times, payload }]);
      await processor.round();
      await processor.stop();
      clock.forward(seconds(20));
    }
    const [{ devices } = { devices: [] }] = (await householdsOf({ open })).filter(({ hubs }) => hubs.length > 0);
    expect(devices).toMatchObject([{ key: 'watch', class: 'emergency_button' }]);
    await open.close();
  });

  test('a partition that is worked on for the first time forgets no connection of the others', async () => {
    const open = await openStoreHere(await started.database());
    const clock = movedClock(MIDNIGHT + hours(9));
    const homes = await registerHomes(open.store, 40, clock.now());
    const times = { receivedAt: clock.now(), monotonicAt: 0 };
    await streamOf(open.store, 'a')(homes.map(({ hubId }) => ({ kind: 'up' as const, hubId, epoch: 1, ...times })));
    for (const number of [0, 1]) {
      const processor = await startProcessor({
        ...{ store: open.store, clock, log: silentLog, nudge: quiet, rules, decode, intakeStartedAt: null },
        ...{ partition: { number, of: 2 }, lease: await soleLease(open.store) },
      });
      await processor.round();
      await processor.stop();
    }
    expect((await open.store.facts({ now: clock.now() })).connectedHubs).toBe(40);
    await open.close();
  });

  test('the time of a backlog is never later than our own, however far ahead the clock of an intake is', async () => {
    const open = await openStoreHere(await started.database());
    const clock = movedClock(MIDNIGHT + hours(9));
    const beat = (receivedAt: number) => ({ kind: 'beat' as const, receivedAt, monotonicAt: receivedAt });
    const write = streamOf(open.store, 'a');
    for (let n = 0; n < 3; n++) await write(Array.from({ length: 7_000 }, () => beat(clock.now() + days(2))));
    const processor = await startProcessor({
      ...{ store: open.store, clock, log: silentLog, nudge: quiet, rules, decode },
      ...{ partition: WHOLE, lease: await soleLease(open.store), intakeStartedAt: null },
    });
    expect(await processor.round()).toEqual({ caughtUp: false });
    await processor.round();
    const turns = await open.store.turnsFrom({ processor: '0', number: 0 });
    expect(turns.map(({ at }) => at)).toEqual([clock.now(), clock.now()]);
    await processor.stop();
    await open.close();
  });

  test.each([
    ['of a backlog', -minutes(30)],
    ['while time stands still', days(400)],
  ])('an alert %s has the deadlines of one that is raised now', async (_, apart) => {
    const open = await openStoreHere(await started.database());
    const clock = movedClock(MIDNIGHT + hours(9));
    const [home] = await registerHomes(open.store, 1, clock.now());
    const options = {
      ...{ store: open.store, log: silentLog, nudge: quiet, rules, decode },
      ...{ partition: WHOLE, lease: await soleLease(open.store), intakeStartedAt: null },
    };
    const before = await startProcessor({ ...options, clock: movedClock(clock.now() + apart) });
    const write = streamOf(open.store, 'a');
    const beat = { kind: 'beat' as const, receivedAt: clock.now() + apart, monotonicAt: 0 };
    await write([beat]);
    await before.round();
    await before.stop();
    const said = { kind: 'packet' as const, hubId: home!.hubId, topic: 'sw/x/up', qos: 1 as const, retain: false };
    const payload = Buffer.from('{"readings":[{"device":"cuff","kind":"systolic","value":190}]}');
    await write([{ ...said, payload, receivedAt: beat.receivedAt, monotonicAt: 0 }]);
    for (let n = 0; n < 3; n++) await write(Array.from({ length: 7_000 }, () => beat));
    const processor = await startProcessor({ ...options, clock });
    await processor.round();
    const scope = { areaId: null, householdId: home!.householdId };
    const { alerts } = await open.store.queue({ scope, state: 'unclosed', userId: '', limit: 10, now: clock.now() });
    expect(alerts).toMatchObject([{ category: 'vitals', raisedAt: clock.now() }]);
    await processor.stop();
    await open.close();
  });

  test('once somebody else has its partition, a processor writes nothing any more', async () => {
    const open = await openStoreHere(await started.database());
    const clock = movedClock(MIDNIGHT + hours(9));
    const [home] = await registerHomes(open.store, 1, clock.now());
    const write = streamOf(open.store, 'a');
    const options = {
      ...{ store: open.store, clock, log: silentLog, nudge: quiet, rules, decode, intakeStartedAt: null },
      partition: WHOLE,
    };
    const press = () =>
      write([
        {
          ...{ kind: 'packet', hubId: home!.hubId, topic: `sw/${home!.hubId}/up`, qos: 1, retain: false },
          ...{ receivedAt: clock.now(), monotonicAt: clock.now() },
          payload: Buffer.from('{"readings":[{"device":"button","kind":"sos","value":true}]}'),
        },
      ]);
    const occurrences = async () => {
      const scope = { areaId: null, householdId: home!.householdId };
      const { alerts } = await open.store.queue({ scope, state: 'unclosed', userId: '', limit: 10, now: clock.now() });
      return alerts.map((alert) => alert.occurrences);
    };
    const stale = await startProcessor({ ...options, lease: await soleLease(open.store) });
    await press();
    await stale.round();
    const fresh = await startProcessor({ ...options, lease: await soleLease(open.store) });
    const before = await open.store.turnsFrom({ processor: '0', number: 0 });
    clock.forward(seconds(1));
    await press();

    await expect(stale.round()).rejects.toSatisfy(isFenced);
    await expect(stale.stop()).rejects.toSatisfy(isFenced);
    expect(await open.store.turnsFrom({ processor: '0', number: 0 })).toEqual(before);
    expect(await open.store.checkpointTurn({ processor: '0' })).toBeLessThanOrEqual(before.length);
    expect(await occurrences()).toEqual([1]);
    await fresh.round();
    expect(await occurrences()).toEqual([2]);
    await fresh.stop();
    await open.close();
  });

  test('what the memory refuses costs its own household that conclusion, visibly, and nobody else anything', async () => {
    const url = await started.database();
    const open = await openStoreHere(url);
    const clock = movedClock(MIDNIGHT + hours(9));
    const [bad, good] = await registerHomes(open.store, 2, clock.now());
    await engine.refuse(url, 'occurrence', bad!.householdId, "new.key like 'ev:%'");
    await engine.refuse(url, 'rollup', bad!.householdId, 'true');
    const write = streamOf(open.store, 'a');
    const processor = await startProcessor({
      ...{ store: open.store, clock, log: silentLog, nudge: quiet, rules, decode, intakeStartedAt: null },
      ...{ partition: WHOLE, lease: await soleLease(open.store) },
    });
    for (const { hubId } of [bad!, good!]) {
      await write([
        {
          ...{ kind: 'packet', hubId, topic: `sw/${hubId}/up`, qos: 1, retain: false },
          ...{ receivedAt: clock.now(), monotonicAt: clock.now() },
          payload: Buffer.from(
            '{"boot":"b","seq":1,"readings":[{"device":"button","kind":"sos","value":true},{"device":"hall","kind":"motion","value":true}]}',
          ),
        },
      ]);
    }
    await processor.round();
    await processor.stop();
    const categories = async ({ householdId }: TownHome) => {
      const scope = { areaId: null, householdId };
      const { alerts } = await open.store.queue({ scope, state: 'unclosed', userId: '', limit: 10, now: clock.now() });
      return alerts.map((alert) => alert.category);
    };
    expect(await categories(bad!)).toEqual(['monitoring_degraded']);
    expect(await categories(good!)).toEqual(['sos']);
    const motions = ({ householdId }: TownHome) =>
      open.store.series({ householdId, kind: 'motion', size: 60, from: 0, to: clock.now() + 1 });
    expect(await motions(bad!)).toEqual([]);
    expect(await motions(good!)).toHaveLength(1);
    expect(await open.store.checkpointTurn({ processor: '0' })).toBeGreaterThan(0);
    await open.close();
  });
});
