import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Category } from '../../domain/category.ts';
import { seconds } from '../../domain/time.ts';
import { openStoreToRead } from '../../store/open.ts';
import { temporaryFolder } from '../memory.ts';
import { hubLinesOf, logIn, registerHomes } from '../person.ts';
import { startSystem, until } from '../system.ts';
import { dial } from './duplicates-dial.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';
import { CALLS, failsForHours } from './throwing-rule-hours.ts';
import { watchProcess } from './watched-process.ts';

const POISON = new URL('./throwing-rule-poison.ts', import.meta.url).href;
const sizes = { short: { homes: 6, poisoned: 1, rounds: 3 }, full: { homes: 200, poisoned: 20, rounds: 60 } } as const;
/** A turn, and a busy machine. */
const WITHIN_MS = { short: 20_000, full: 5_000 } as const;
const MOVES_EVERY_MS = 100;

/** Homes whose residents move all the time, on a system one of whose rules can be made to fail. */
async function openTown(folder: string, homesCount: number) {
  const poison = join(folder, 'poison');
  writeFileSync(poison, '');
  const dataDir = join(folder, 'data');
  const env = { NODE_OPTIONS: `--import=${POISON}`, POISONED_HOMES: poison };
  const system = await startSystem({ dataDir, env });
  const watched = watchProcess(system);
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const { homes } = await registerHomes(owner, homesCount);
  const hubs = await Promise.all(
    hubLinesOf(homes).map(async ({ clientId, username, password, topic }, i) => ({
      topic,
      householdId: homes[i]?.householdId ?? '',
      client: await dial(system.mqttPort, { clientId, username, password }),
    })),
  );
  let seq = 0;
  const says = ({ client, topic }: (typeof hubs)[number], kind: string, value: boolean | number) => {
    const body = { boot: 'b', seq: seq++, ts: Date.now(), readings: [{ kind, device: 'd', value }] };
    return client.publishAsync(topic, JSON.stringify(body), { qos: 1 });
  };
  const moving = setInterval(() => {
    for (const hub of hubs) void says(hub, 'motion', true);
  }, MOVES_EVERY_MS);
  const { store, close } = openStoreToRead(join(dataDir, 'shouwang.db'));
  const did = { slowestMs: 0 };

  async function occurrences({ householdId }: { householdId: string }, category: Category): Promise<number> {
    const scope = { areaId: null, householdId };
    const { alerts } = await store.queue({ scope, state: 'unclosed', userId: '', limit: 50, now: Date.now() });
    return alerts.find((alert) => alert.category === category)?.occurrences ?? 0;
  }

  return {
    ...{ hubs, says, occurrences, did },
    failsOn: (bad: typeof hubs) => writeFileSync(poison, bad.map(({ householdId }) => householdId).join('\n')),
    async comes(what: string, hub: { householdId: string }, category: Category, times: number): Promise<void> {
      const from = performance.now();
      await until(what, async () => (await occurrences(hub, category)) >= times, seconds(60));
      did.slowestMs = Math.max(did.slowestMs, performance.now() - from);
    },
    /** Whether it ran to the end and stopped as it should. */
    async end(): Promise<boolean> {
      clearInterval(moving);
      for (const { client } of hubs) await client.endAsync();
      const ended = watched.ended();
      watched.stop();
      await close();
      return (await system.stop()) === 0 && !ended;
    },
  };
}

/** A rule fails on some homes: they call, and other rules and other homes go on. */
async function callBeside(homesCount: number, poisoned: number, rounds: number) {
  const folder = temporaryFolder();
  const { hubs, says, occurrences, failsOn, comes, did, end } = await openTown(folder.path, homesCount);
  const [bad, good] = [hubs.slice(0, poisoned), hubs.slice(poisoned)];
  failsOn(bad);
  // All from one moment: the last of them, too, is to be marked in time.
  await Promise.all(bad.map((hub) => comes('the alert that monitoring is degraded', hub, 'monitoring_degraded', 1)));
  for (let round = 1; round <= rounds; round++) {
    const [one, other] = [bad[round % bad.length], good[round % good.length]];
    if (!one || !other) throw new Error('there are too few homes');
    const [own, others] = [await occurrences(one, 'sos'), await occurrences(other, 'sos')];
    const pressures = [says(one, 'systolic', 200 + (round % 50)), says(other, 'systolic', 200)];
    await Promise.all([says(one, 'sos', true), says(other, 'sos', true), ...pressures]);
    await comes('a call from the home on which the rule fails', one, 'sos', own + 1);
    await comes('a call from another home', other, 'sos', others + 1);
    await comes('another rule on the same home', one, 'vitals', 1);
    await comes('the rules on another home', other, 'vitals', 1);
  }
  const degraded = (of: typeof hubs) => Promise.all(of.map((hub) => occurrences(hub, 'monitoring_degraded')));
  const seen = { ofBad: await degraded(bad), ofGood: await degraded(good) };
  const whole = await end();
  folder.remove();
  return { ...seen, slowestMs: Math.round(did.slowestMs), whole };
}

async function run({ size, count, say }: FaultRun): Promise<Outcome> {
  const { homes, poisoned, rounds } = { ...sizes[size], ...(count !== null && { rounds: count }) };
  say(`a rule fails on ${poisoned} of ${homes} homes`);
  const { ofBad, ofGood, slowestMs, whole } = await callBeside(homes, poisoned, rounds);
  say('and for hours on a moved clock, with a start in between');
  const later = await failsForHours();
  return {
    load: { homes, rounds },
    faults: { poisonedHomes: poisoned },
    counts: { slowestMs, othersDegraded: ofGood.filter((n) => n > 0).length, loggedInHours: later.logged },
    broken: brokenOf(
      [whole, 'the system ended by itself, or not as it should'],
      [slowestMs <= WITHIN_MS[size], `what should take 5 s took ${slowestMs} ms`],
      [ofGood.every((n) => n === 0), 'a home on which no rule fails is said to be degraded'],
      [ofBad.every((n) => n === 1), `the same failure was said ${Math.max(...ofBad)} times`],
      [later.alertsOfGood.join() === 'sos,vitals', `the other home has ${later.alertsOfGood}`],
      [later.alertsOfBad.includes('monitoring_degraded'), 'a failing home is not said to be degraded'],
      [later.calls === CALLS, `of ${CALLS} calls from the failing home ${later.calls} are on record`],
      [later.events.at(-1) === 'cause_ended', `that all rules work again is not on record: ${later.events}`],
      [later.restarted, 'a start over what fails did not come through'],
    ),
  };
}

/** One of our own rules throws on some homes, and our own decoder on one message. */
export const throwingRule: Fault = {
  name: 'throwing-rule',
  happens: 'a rule throws on every input of some homes, and the decoder on some messages',
  bar: 'within 5 s the homes are marked, once each; their calls, other rules and other homes go on; it is said when all works again',
  unavailable: playable,
  run,
};
