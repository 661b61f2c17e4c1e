import { afterEach, expect, test } from 'vitest';
import type { Category } from '../domain/category.ts';
import { SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import type { Audience, Plan } from '../domain/plan.ts';
import { hours, seconds } from '../domain/time.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { openMetrics } from '../runtime/metrics.ts';
import { openNudge } from '../runtime/nudge.ts';
import { openStore } from '../store/open.ts';
import { temporaryFolder } from '../test/memory.ts';
import { until } from '../test/system.ts';
import { startAlerts } from './start.ts';
import { accepting, openReceiver, silent } from './test-receiver.ts';
import { aFinding } from './test-telling.ts';
import { openTimeline } from './test-timeline.ts';

const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function folder(): string {
  const made = temporaryFolder();
  ends.push(made.remove);
  return `${made.path}/shouwang.db`;
}

async function running(url: string) {
  const { store, close } = await openStore(url);
  ends.push(close);
  const nudge = openNudge(url);
  ends.push(nudge.close);
  const metrics = openMetrics();
  const clock = systemClock();
  const start = (): void => {
    ends.push(
      startAlerts({
        ...{ store, nudge, metrics, clock },
        log: silentLog,
        instance: 'i',
        publicUrl: 'https://desk.test',
      }),
    );
  };
  return { store, nudge, metrics, clock, start };
}

test('with 10,000 open alerts no deadline is more than a second late', async () => {
  const { store, metrics, clock, start } = await running(folder());
  const raise = (name: string, count: number, raisedAt: number) => {
    const findings = Array.from({ length: count }, (_, i) => ({
      ...aFinding('battery_low', `${name} ${i}`),
      householdId: SYSTEM_HOUSEHOLD,
      about: { hubId: 'hub', device: `${name} ${i}` },
    }));
    return store.raise({ findings, now: raisedAt });
  };
  for (let i = 0; i < 9; i++) await raise(`open ${i}`, 1_000, clock.now());
  // Their second rung is due 8 h after they were raised: from two seconds on, ten of them every 30 ms.
  const due = 1_000;
  const begin = clock.now() + seconds(2) - hours(8);
  await Promise.all(Array.from({ length: due / 10 }, (_, i) => raise(`due ${i}`, 10, begin + i * 30)));
  start();
  const lateness = async (le: string) => {
    const text = await metrics.text();
    return Number(new RegExp(`shouwang_escalation_late_seconds_bucket\\{le="${le}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
  };
  await until('every deadline to have its consequence', async () => (await lateness('\\+Inf')) === due, 60_000);
  expect(await lateness('1')).toBe(due);
});

const by = (audience: Audience): Plan => ({
  steps: [{ afterSeconds: 0, tell: [audience, 'owner'], channels: ['webhook'] }],
  ...{ repeatSeconds: 600, attendSeconds: 600, closeSeconds: 600 },
});

test('a destination that hangs delays nobody else, and keeps places for emergencies', async () => {
  const home = await openTimeline(folder());
  ends.push(home.close);
  const [slow, quick] = [await openReceiver(silent), await openReceiver()];
  ends.push(slow.close, quick.close);
  await home.webhook('station', slow.url);
  await home.webhook('hotline', quick.url);
  const plans = { battery_low: by('station'), smoke: by('station'), vitals: by('hotline') };
  await home.store().changeHousehold({ id: home.householdId, change: { plans } });
  let seq = 0;
  const raise = (category: Category, count: number) =>
    home.store().raise({
      findings: Array.from({ length: count }, () => ({
        ...aFinding(category, `k${++seq}`),
        householdId: home.householdId,
        about: { hubId: 'hub', device: `d${seq}` },
      })),
      now: home.clock.now(),
    });

  await raise('battery_low', 10);
  await home.round();
  await until('the slow one to be busy', () => slow.received.length === 4);
  await raise('vitals', 1);
  await raise('smoke', 3);
  await home.round();
  await until('the quick one to be told', () => quick.received.length === 1, 2_000);
  await until('the emergencies to find a place', () => slow.received.length === 7, 2_000);
  const categories = slow.received.slice(4).map(({ body }) => JSON.parse(body).alert.category);
  expect(categories).toEqual(['smoke', 'smoke', 'smoke']);
});

test('what is raised goes out at once on a nudge; stopping waits for what is under way and records it', async () => {
  const url = folder();
  const home = await openTimeline(url);
  const hook = await openReceiver(silent);
  ends.push(hook.close);
  await home.webhook('hotline', hook.url);
  await home.store().changeHousehold({ id: home.householdId, change: { plans: { sos: by('hotline') } } });
  await home.close();

  const { store, nudge, clock, metrics } = await running(url);
  const stop = startAlerts({
    ...{ store, nudge, metrics, clock },
    log: silentLog,
    instance: 'i',
    publicUrl: 'https://desk.test',
  });
  let release = (): void => {};
  hook.answer = (received, response) => (release = () => accepting(received, response));
  const finding = { ...aFinding('sos'), householdId: home.householdId };
  const [sos] = await store.raise({ findings: [finding], now: clock.now() });
  nudge.send('notices');
  await until('the receiver to have it', () => hook.received.length === 1, 2_000);
  const stopped = stop();
  release();
  await stopped;
  const record = await store.alertRecord({ id: sos!.id });
  expect(record?.notices.find((notice) => notice.audience === 'hotline')?.state).toBe('delivered');
});

test('an SOS that was raised before the clock was set back by a day escalates as planned, from now on', async () => {
  const { store, clock, start } = await running(folder());
  const finding = { ...aFinding('sos'), householdId: SYSTEM_HOUSEHOLD };
  const [sos] = await store.raise({ findings: [finding], now: clock.now() + hours(24) });
  start();
  const record = async () => (await store.alertRecord({ id: sos!.id }))!;
  await until('the next to be told', async () => (await record()).alert.step === 1);
  const { alert, notices } = await record();
  const inAnHour = clock.now() + hours(1);
  expect(alert.nextDue).toBeLessThan(inAnHour);
  expect(notices.filter(({ nextAttemptAt, createdAt }) => nextAttemptAt > inAnHour || createdAt > inAnHour)).toEqual(
    [],
  );
});
