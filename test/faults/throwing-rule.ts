import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import type { Category } from '../../domain/category.ts';
import { seconds } from '../../domain/time.ts';
import { openStoreToRead } from '../../store/open.ts';
import { temporaryFolder } from '../memory.ts';
import { hubLinesOf, logIn, registerHomes } from '../person.ts';
import { startSystem, until } from '../system.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';
import { CALLS, failsForHours } from './throwing-rule-hours.ts';
import { watchProcess } from './watched-process.ts';

const POISON = new URL('./throwing-rule-poison.ts', import.meta.url).href;
const sizes = { short: { homes: 6, poisoned: 1, rounds: 3 }, full: { homes: 200, poisoned: 20, rounds: 60 } } as const;
/** A turn, and a busy machine. */
const WITHIN_MS = { short: 20_000, full: 5_000 } as const;
const MOVES_EVERY_MS = 100;

async function run({ size, count, say }: FaultRun): Promise<Outcome> {
  const { homes: homesCount, poisoned, rounds } = { ...sizes[size], ...(count !== null && { rounds: count }) };
  const folder = temporaryFolder();
  const poison = join(folder.path, 'poison');
  writeFileSync(poison, '');
  const dataDir = join(folder.path, 'data');
  const env = { NODE_OPTIONS: `--import=${POISON}`, POISONED_HOMES: poison };
  const system = await startSystem({ dataDir, env });
  const watched = watchProcess(system);
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const { homes } = await registerHomes(owner, homesCount);
  const hubs = await Promise.all(
    hubLinesOf(homes).map(async ({ clientId, username, password, topic }, i) => ({
      topic,
      householdId: homes[i]?.householdId ?? '',
      client: await connectAsync(`mqtt://127.0.0.1:${system.mqttPort}`, { clientId, username, password }),
    })),
  );
  type Hub = (typeof hubs)[number];
  let seq = 0;
  const says = ({ client, topic }: Hub, kind: string, value: boolean | number) =>
    client.publishAsync(
      topic,
      JSON.stringify({ boot: 'b', seq: seq++, ts: Date.now(), readings: [{ kind, device: 'd', value }] }),
      { qos: 1 },
    );
  const moving = setInterval(() => {
    for (const hub of hubs) void says(hub, 'motion', true);
  }, MOVES_EVERY_MS);

  const { store, close } = openStoreToRead(join(dataDir, 'shouwang.db'));
  const occurrences = async (householdId: string, category: Category): Promise<number> => {
    const scope = { areaId: null, householdId };
    const { alerts } = await store.queue({ scope, state: 'unclosed', userId: '', limit: 50, now: Date.now() });
    return alerts.find((alert) => alert.category === category)?.occurrences ?? 0;
  };
  let slowestMs = 0;
  async function come(what: string, hub: Hub, category: Category, times: number): Promise<void> {
    const from = performance.now();
    await until(what, async () => (await occurrences(hub.householdId, category)) >= times, seconds(60));
    slowestMs = Math.max(slowestMs, performance.now() - from);
  }

  say(`a rule fails on ${poisoned} of ${homesCount} homes`);
  const bad = hubs.slice(0, poisoned);
  writeFileSync(poison, bad.map(({ householdId }) => householdId).join('\n'));
  for (const hub of bad) await come('the alert that monitoring is degraded', hub, 'monitoring_degraded', 1);
  for (let round = 1; round <= rounds; round++) {
    const [one, other] = [bad[round % bad.length], hubs[poisoned + (round % (homesCount - poisoned))]];
    if (!one || !other) throw new Error('there are too few homes');
    const before = {
      own: await occurrences(one.householdId, 'sos'),
      other: await occurrences(other.householdId, 'sos'),
    };
    await Promise.all([
      says(one, 'sos', true),
      says(other, 'sos', true),
      says(one, 'systolic', 200 + (round % 50)),
      says(other, 'systolic', 200),
    ]);
    await come('a call from the home on which the rule fails', one, 'sos', before.own + 1);
    await come('a call from another home', other, 'sos', before.other + 1);
    await come('another rule on the same home', one, 'vitals', 1);
    await come('the rules on another home', other, 'vitals', 1);
  }
  const degradedOthers = await Promise.all(
    hubs.slice(poisoned).map(({ householdId }) => occurrences(householdId, 'monitoring_degraded')),
  );
  const degradedOnce = await Promise.all(bad.map(({ householdId }) => occurrences(householdId, 'monitoring_degraded')));
  clearInterval(moving);
  for (const { client } of hubs) await client.endAsync();
  const ended = watched.ended();
  watched.stop();
  await close();
  const exitCode = await system.stop();
  folder.remove();

  say('and for hours on a moved clock, with a start in between');
  const hoursSeen = await failsForHours();
  return {
    load: { homes: homesCount, rounds },
    faults: { poisonedHomes: poisoned },
    counts: {
      slowestMs: Math.round(slowestMs),
      othersDegraded: degradedOthers.filter((n) => n > 0).length,
      loggedInHours: hoursSeen.logged,
    },
    broken: brokenOf(
      [!ended && exitCode === 0, `the system ended by itself (${exitCode})`],
      [slowestMs <= WITHIN_MS[size], `what should take 5 s took ${Math.round(slowestMs)} ms`],
      [degradedOthers.every((n) => n === 0), 'a home on which no rule fails is said to be degraded'],
      [degradedOnce.every((n) => n === 1), `the same failure was said ${Math.max(...degradedOnce)} times`],
      [hoursSeen.alertsOfGood.join() === 'sos,vitals', `the other home has ${hoursSeen.alertsOfGood}`],
      [hoursSeen.alertsOfBad.includes('monitoring_degraded'), 'a failing home is not said to be degraded'],
      [hoursSeen.calls === CALLS, `of ${CALLS} calls from the failing home ${hoursSeen.calls} are on record`],
      [hoursSeen.events.at(-1) === 'cause_ended', `that all rules work again is not on record: ${hoursSeen.events}`],
      [hoursSeen.restarted, 'a start over what fails did not come through'],
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
