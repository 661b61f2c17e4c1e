import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import { hours, minutes, seconds } from '../domain/time.ts';
import { movedClock, systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { openStoreHere } from '../store/open.ts';
import { engines, temporaryFolder } from '../test/memory.ts';
import { until } from '../test/system.ts';
import { diskOf, openAuditor } from './auditor.ts';
import { suppressed } from './outcome.ts';
import { answering, openReceiver } from './test-receiver.ts';
import { aFinding, NIGHT } from './test-telling.ts';

const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const ROLES = ['broker', 'ingest', 'alerts', 'web'];
const halfFull = async () => ({ diskUsed: 0.5, ballastReleased: false });

async function incidentsIn(store: Awaited<ReturnType<typeof openStoreHere>>['store']) {
  const scope = { areaId: 'root', householdId: null };
  const { alerts } = await store.queue({ scope, state: 'unclosed', userId: '', limit: 100, now: 0 });
  return alerts.filter((alert) => alert.householdId === SYSTEM_HOUSEHOLD).map((alert) => alert.subject);
}

for (const engine of engines) {
  test.skipIf(engine.unavailable !== null)(
    `a broken promise is one alert to the owner, and ends when it holds again (${engine.name})`,
    async () => {
      const started = await engine.start();
      ends.push(() => started.stop());
      const { store, close } = await openStoreHere(await started.database());
      ends.push(close);
      const outside = await openReceiver(answering(200, {}));
      ends.push(outside.close);
      const clock = movedClock(NIGHT);
      const auditor = openAuditor({ store, clock, log: silentLog, disk: halfFull, heartbeatUrl: outside.url });
      const beat = async (): Promise<void> => {
        for (const role of ROLES) await store.beat({ role, instance: 'i', at: clock.now() });
      };
      const round = async (afterMs: number): Promise<void> => {
        clock.forward(afterMs);
        await beat();
        await auditor.round();
      };

      await round(seconds(29));
      expect(outside.received).toHaveLength(0);
      await round(seconds(1));
      expect(outside.received).toHaveLength(1);
      await round(seconds(29));
      expect(outside.received).toHaveLength(1);
      await round(seconds(1));
      expect(outside.received).toHaveLength(2);

      // Nobody dispatches and nobody escalates: an emergency of which nobody is told.
      const [sos] = await store.raise({ findings: [aFinding('sos', 'k1')], now: clock.now() });
      await round(seconds(14));
      expect(await incidentsIn(store)).toEqual([]);
      await round(seconds(30));
      await round(seconds(31));
      expect((await incidentsIn(store)).sort()).toEqual(['deadlines', 'emergencies_told', 'notices'].sort());
      expect(outside.received).toHaveLength(2);
      for (let i = 0; i < 20; i++) await round(seconds(5));
      expect((await incidentsIn(store)).length).toBe(3);

      const action = { kind: 'close', disposition: 'test', text: '' } as const;
      await store.act({ alertId: sos!.id, action, by: 'o', seenVersion: 99, now: clock.now() });
      // Somebody dispatches and escalates again.
      const notices = await store.leaseNotices({ holder: 'h', now: clock.now(), leaseMs: minutes(60), limit: 100 });
      const outcomes = notices.map((notice) => suppressed(notice, 'alert_closed', clock.now()));
      await store.recordOutcomes({ outcomes, now: clock.now() });
      await store.escalateDue({ now: clock.now(), limit: 100 });
      await round(seconds(1));
      await round(seconds(5));
      const facts = await store.facts({ now: clock.now() });
      expect(facts.incidents.every((incident) => incident.healed)).toBe(true);
      expect(outside.received).toHaveLength(3);
    },
  );
}

test.skipIf(engines[1]?.unavailable)(
  'the auditors of two machines are one voice: one occurrence, one recovery',
  async () => {
    const started = await engines[1]!.start();
    ends.push(() => started.stop());
    const url = await started.database();
    const opened = [await openStoreHere(url), await openStoreHere(url)];
    for (const { close } of opened) ends.push(close);
    const { store } = opened[0]!;
    const clock = movedClock(NIGHT);
    const auditors = opened.map(({ store }, n) =>
      openAuditor({ store, clock, log: silentLog, disk: halfFull, heartbeatUrl: null, machine: `m${n}` }),
    );
    const beat = (instance: string) => store.beat({ role: 'web', instance, at: clock.now() });
    const round = async (): Promise<void> => {
      await Promise.all(ROLES.map((role) => store.beat({ role, instance: 'a', at: clock.now() })));
      await Promise.all(auditors.map((auditor) => auditor.round()));
    };
    const incident = async () => (await store.facts({ now: clock.now() })).incidents[0];

    await beat('b');
    clock.forward(seconds(31));
    await round();
    expect(await incident()).toMatchObject({ promise: 'instance web b', occurrences: 1, healed: false });
    clock.forward(seconds(5));
    await beat('b');
    await round();
    await round();
    expect(await incident()).toMatchObject({ occurrences: 1, healed: true });
    const record = await store.alertRecord({ id: (await incident())!.alertId });
    expect(record!.events.filter(({ kind }) => kind === 'cause_ended')).toHaveLength(1);

    await store.lastBeat({ role: 'web', instance: 'b', at: clock.now() });
    clock.forward(minutes(10));
    await round();
    expect(await incident()).toMatchObject({ occurrences: 1, healed: true });
  },
);

test('who could not beat because the memory was out of reach is not missed, unless it goes on', async () => {
  const folder = temporaryFolder();
  ends.push(folder.remove);
  const { store, close } = await openStoreHere(`${folder.path}/shouwang.db`);
  ends.push(close);
  const clock = movedClock(NIGHT);
  let gone = false;
  const facts: typeof store.facts = (args) => (gone ? Promise.reject(new Error('gone')) : store.facts(args));
  const deps = { clock, log: silentLog, disk: halfFull, heartbeatUrl: null };
  const auditor = openAuditor({ ...deps, store: { ...store, facts } });
  const beat = (at: number) => Promise.all(ROLES.map((role) => store.beat({ role, instance: 'i', at })));
  clock.forward(minutes(5));
  await beat(clock.now());
  await auditor.round();

  gone = true;
  clock.forward(minutes(1));
  await expect(auditor.round()).rejects.toThrow('gone');
  gone = false;
  clock.forward(seconds(5));
  await auditor.round();
  expect(await incidentsIn(store)).toEqual([]);
  clock.forward(seconds(10));
  await auditor.round();
  expect((await incidentsIn(store)).sort()).toEqual(ROLES.map((role) => `role_${role}`).sort());
});

async function memory() {
  const folder = temporaryFolder();
  ends.push(folder.remove);
  const { store, close } = await openStoreHere(`${folder.path}/shouwang.db`);
  ends.push(close);
  return store;
}

test('a plan that waits before it tells anybody breaks no promise', async () => {
  const store = await memory();
  const steps = [{ afterSeconds: 60, tell: ['owner' as const], channels: ['webhook' as const] }];
  const plans = { sos: { steps, repeatSeconds: 600, attendSeconds: 600, closeSeconds: 600 } };
  await store.changeHousehold({ id: SYSTEM_HOUSEHOLD, change: { plans } });
  await store.raise({ findings: [{ ...aFinding('sos'), householdId: SYSTEM_HOUSEHOLD }], now: NIGHT });
  expect(await store.facts({ now: NIGHT + seconds(59) })).toMatchObject({ untoldEmergencies: 0, overdueAlerts: 0 });
  await store.escalateDue({ now: NIGHT + seconds(60), limit: 10 });
  expect(await store.facts({ now: NIGHT + seconds(76) })).toMatchObject({ untoldEmergencies: 1 });
});

test('who ended before the clock was set back is no sign of life of who came after', async () => {
  const store = await memory();
  await store.lastBeat({ role: 'web', instance: 'i', at: NIGHT + hours(1) });
  await store.beat({ role: 'web', instance: 'i', at: NIGHT });
  expect((await store.facts({ now: NIGHT })).beats).toEqual({ web: NIGHT });
});

test('who died with a clock that was a day ahead does not pass for living, and hides nobody else', async () => {
  const store = await memory();
  await store.beat({ role: 'web', instance: 'ahead', at: NIGHT + hours(24) });
  await store.beat({ role: 'web', instance: 'a little ahead', at: NIGHT + seconds(20) });
  expect(await store.facts({ now: NIGHT })).toMatchObject({ beats: { web: NIGHT + seconds(20) }, instances: [{}] });
});

test('who takes up what is to be told of an emergency again and again, and never tells it, is found out', async () => {
  const store = await memory();
  await store.raise({ findings: [aFinding('sos'), aFinding('vitals', 'k2')], now: NIGHT });
  const lease = { holder: 'h', leaseMs: seconds(10), limit: 10 };
  for (const after of [0, 10, 20, 30, 40, 50, 60]) {
    expect(await store.leaseNotices({ ...lease, now: NIGHT + seconds(after) })).toHaveLength(3);
    expect((await store.facts({ now: NIGHT + seconds(after) })).overdueNotices).toBe(0);
  }
  expect((await store.facts({ now: NIGHT + seconds(61) })).overdueNotices).toBe(2);
});

/** A process that does nothing but say that it is alive. */
async function startWriter(url: string): Promise<ChildProcess> {
  const from = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const program = `
    const { openStoreHere } = await import(${from('../store/open.ts')});
    const { startBeat } = await import(${from('./beat.ts')});
    const { systemClock } = await import(${from('../runtime/clock.ts')});
    const { silentLog } = await import(${from('../runtime/log.ts')});
    const { store } = await openStoreHere(${JSON.stringify(url)});
    for (const role of ${JSON.stringify(ROLES)}) startBeat({ role, instance: 'i', clock: systemClock(), log: silentLog }, store);
    console.log('started');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  return child;
}

test('a main process that is frozen, and then dead, is missed: the owner has an alert and the outside hears nothing', async () => {
  const folder = temporaryFolder();
  ends.push(folder.remove);
  const url = `${folder.path}/shouwang.db`;
  const { store, close } = await openStoreHere(url);
  ends.push(close);
  const child = await startWriter(url);
  ends.push(() => child.kill('SIGKILL'));
  const outside = await openReceiver(answering(200, {}));
  ends.push(outside.close);

  // The auditor started long ago; later its clock goes ahead, so that the test need not wait for beats to be missed.
  const real = systemClock();
  const beats = async () => Object.keys((await store.facts({ now: real.now() })).beats).length;
  await until('every role to beat', async () => (await beats()) === ROLES.length);
  let aheadMs = -seconds(30);
  const auditor = openAuditor({
    clock: { ...real, now: () => real.now() + aheadMs },
    disk: () => diskOf(folder.path),
    ...{ store, log: silentLog, heartbeatUrl: outside.url },
  });
  aheadMs = 0;
  await auditor.round();
  expect(await incidentsIn(store)).toEqual([]);
  expect(outside.received).toHaveLength(1);

  child.kill('SIGSTOP');
  aheadMs = seconds(31);
  await auditor.round();
  expect((await incidentsIn(store)).sort()).toEqual(ROLES.map((role) => `role_${role}`).sort());
  child.kill('SIGKILL');
  await once(child, 'exit');
  aheadMs = minutes(2);
  await auditor.round();
  expect((await store.facts({ now: real.now() })).incidents.some((incident) => incident.healed)).toBe(false);
  expect(outside.received).toHaveLength(1);
});

test('an auditor outlives who started it, gives way to the next one, and that one ends when it is asked to', async () => {
  const folder = temporaryFolder();
  ends.push(folder.remove);
  const path = fileURLToPath(new URL('./auditor-process.ts', import.meta.url));
  const env = { PATH: process.env.PATH, SHOUWANG_DATA_DIR: folder.path, SHOUWANG_LOG_LEVEL: 'error' };
  const starter = spawn('sh', ['-c', `"$0" "$1" & echo $!; wait`, process.execPath, path], {
    ...{ env, stdio: ['ignore', 'pipe', 'inherit'] },
  });
  const [said] = await once(starter.stdout!, 'data');
  const pid = Number(said);
  const alive = () => existsSync(`/proc/${pid}`);
  ends.push(() => alive() && process.kill(pid, 'SIGKILL'));
  const { store, close } = await openStoreHere(`${folder.path}/shouwang.db`);
  ends.push(close);
  const auditors = async () => (await store.instancesSince({ role: 'auditor', since: 0 })).length;
  await until('the first auditor', async () => (await auditors()) === 1);
  starter.kill('SIGKILL');
  await once(starter, 'exit');

  const next = spawn(process.execPath, [path], { env, stdio: 'ignore' });
  ends.push(() => next.kill('SIGKILL'));
  const ended = once(next, 'exit');
  await until('the next auditor', async () => (await auditors()) === 2);
  await until('the first one to end', () => !alive());
  expect(next.exitCode).toBeNull();
  next.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
