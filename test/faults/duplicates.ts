import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { openDesk } from '../../bench/desk.ts';
import { dice } from '../../device-sim/dice.ts';
import { ROOT_AREA } from '../../domain/household.ts';
import { days, hours, seconds } from '../../domain/time.ts';
import { nameOf } from '../../ingest/replay.ts';
import { openStoreToRead } from '../../store/open.ts';
import { temporaryFolder } from '../memory.ts';
import { hubLinesOf, logIn, type Person, registerHomes } from '../person.ts';
import { type System, startSystem, until } from '../system.ts';
import { type Said, saysThrice } from './duplicates-copies.ts';
import { dial } from './duplicates-dial.ts';
import { type Pressed, pressUntil } from './duplicates-presses.ts';
import { partitionsOf, replayDiffers, snapshotsOf } from './duplicates-replay.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';

const sizes = {
  short: { homes: 10, messages: 250, backlog: 4_000, quietMs: seconds(2) },
  full: { homes: 100, messages: 2_000, backlog: 50_000, quietMs: seconds(20) },
} as const;

const LATE_MS = hours(48);
const LATE_PRESSES = 5;
/** The figure of the bar; a machine that does other things as well is given more in the short form. */
const DELAYED_MS = { short: 5_000, full: 1_000 } as const;
/** As a hub that keeps to what is written for it: so many messages without an answer. */
const WINDOW = 32;

/** Everything that a hub kept for two days, one message each, with a few presses among it. */
async function sendsBacklog(client: MqttClient, topic: string, messages: number): Promise<void> {
  const madeFrom = Date.now() - LATE_MS;
  const pressEvery = Math.floor(messages / LATE_PRESSES);
  let next = 0;
  const one = async (): Promise<void> => {
    for (let seq = next++; seq < messages; seq = next++) {
      const readings: object[] = [{ kind: 'temperature', device: 'air', value: 20 }];
      if (seq % pressEvery === 0) readings.push({ kind: 'sos', device: 'button', value: true });
      const times = { ts: madeFrom + seq * 100, sent: Date.now() };
      await client.publishAsync(topic, JSON.stringify({ boot: 'kept', seq, ...times, readings }), { qos: 1 });
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, one));
}

/** What a stopped system has on record of one home. */
async function recordOf(database: string, householdId: string) {
  const { store, close } = openStoreToRead(database);
  const asked = { householdId, from: Date.now() - days(40), to: Date.now() + days(400) };
  const byDay = await store.series({ ...asked, kind: 'temperature', size: 86_400 });
  const pressures = await store.series({ ...asked, kind: 'systolic', size: 0 });
  const scope = { areaId: null, householdId };
  const { alerts } = await store.queue({ scope, state: 'unclosed', userId: '', limit: 100, now: Date.now() });
  await close();
  return {
    messages: byDay.reduce((sum, { n }) => sum + n, 0),
    sum: Math.round(byDay.reduce((sum, { n, mean }) => sum + n * mean, 0)),
    pressures: pressures.length,
    presses: alerts.reduce((sum, { occurrences }) => sum + occurrences, 0),
    alerts: alerts.length,
  };
}

type Hub = {
  readonly client: MqttClient;
  readonly topic: string;
  readonly clientId: string;
  readonly householdId: string;
};

/** Presses at one home while all is quiet; then there and at the home whose hub tells of two days ago. */
async function pressBeside(
  system: System,
  owner: Person,
  [live, late]: readonly [Hub, Hub],
  { quietMs, backlog }: { readonly quietMs: number; readonly backlog: number },
) {
  // Both press once, so that the desk knows the alerts.
  const press = { boot: 'first', seq: 0, readings: [{ kind: 'sos', device: 'button', value: true }] };
  for (const { client, topic } of [late, live]) await client.publishAsync(topic, JSON.stringify(press), { qos: 1 });
  const alertOf = ({ householdId }: Hub): Promise<string> =>
    until('the alert of a press', async () => {
      const { alerts } = await owner.get<{ alerts: { id: string; householdId: string }[] }>('/alerts?limit=500');
      return alerts.find((alert) => alert.householdId === householdId)?.id;
    });
  const desk = await openDesk(system.httpUrl, owner.cookie);
  const presser = async (hub: Hub) => ({ ...hub, desk, alertId: await alertOf(hub) });
  const [ofLive, ofLate] = [await presser(live), await presser(late)];
  const quiet = await pressUntil(AbortSignal.timeout(quietMs), { ...ofLive, boot: 'quiet' });
  const ended = new AbortController();
  const beside = Promise.all([
    pressUntil(ended.signal, { ...ofLive, boot: 'beside' }),
    pressUntil(ended.signal, { ...ofLate, boot: 'among' }),
  ]);
  const from = performance.now();
  await sendsBacklog(late.client, late.topic, backlog);
  const backlogMs = performance.now() - from;
  ended.abort();
  const [other, same] = await beside;
  desk.close();
  return { quiet, other, same, backlogMs };
}

/** Sentences on homes of which something else is on record than what they said. */
async function countedWrongly(database: string, said: ReadonlyMap<string, Said>): Promise<string[]> {
  const wrong: string[] = [];
  for (const [householdId, expected] of said) {
    const { alerts, ...found } = await recordOf(database, householdId);
    if (JSON.stringify(found) !== JSON.stringify(expected))
      wrong.push(`${JSON.stringify(expected)} became ${JSON.stringify(found)}`);
    if (alerts !== 1) wrong.push(`${alerts} open alerts of one home`);
  }
  return wrong;
}

/** A system that stops leaves what it has not read in the journal, for its next start. */
async function allRead(database: string): Promise<void> {
  const { store, close } = openStoreToRead(database);
  const isRead = async () => {
    const heads = Object.entries(await store.streamHeads(null));
    for (const partition of await partitionsOf(store)) {
      const last = (await store.turnsFrom({ processor: nameOf(partition), number: 0 })).at(-1);
      if (heads.some(([stream, head]) => (last?.cut[stream] ?? 0) < head)) return false;
    }
    return true;
  };
  await until('the processor to have read everything', isRead, seconds(120));
  await close();
}

/** Open alerts that no press has caused. */
async function othersThanCalls(database: string): Promise<string[]> {
  const { store, close } = openStoreToRead(database);
  const scope = { areaId: ROOT_AREA, householdId: null };
  const { alerts } = await store.queue({ scope, state: 'unclosed', userId: '', limit: 1_000, now: Date.now() });
  await close();
  return alerts.filter(({ category }) => category !== 'sos').map(({ category }) => category);
}

type Timed = Awaited<ReturnType<typeof pressBeside>>;

/** Of the slowest press: what it took longer than presses do while all is quiet. */
const delayedMs = ({ quiet }: Timed, { slowestMs }: Pressed): number => Math.round(slowestMs - quiet.deskP99Ms);

function figuresOf({ quiet, other, same }: Timed): Record<string, number> {
  const ms = (value: number): number => Number(value.toFixed(1));
  return {
    quietAckP99Ms: ms(quiet.ackP99Ms),
    quietDeskP99Ms: ms(quiet.deskP99Ms),
    otherHubAckP99Ms: ms(other.ackP99Ms),
    otherHubDeskP99Ms: ms(other.deskP99Ms),
    sameHubAckP99Ms: ms(same.ackP99Ms),
    sameHubDeskP99Ms: ms(same.deskP99Ms),
    otherHubSlowestMs: ms(other.slowestMs),
    sameHubSlowestMs: ms(same.slowestMs),
    pressesBeside: other.presses + same.presses,
  };
}

async function play({ seed, size, say }: FaultRun, backlog: number) {
  const { homes: homesCount, messages, quietMs } = sizes[size];
  const folder = temporaryFolder();
  const database = join(folder.path, 'shouwang.db');
  const system = await startSystem({ dataDir: folder.path });
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const { homes } = await registerHomes(owner, homesCount + 2);
  const hubs = await Promise.all(
    hubLinesOf(homes).map(async (line, i) => ({
      ...{ topic: line.topic, clientId: line.clientId, householdId: homes[i]?.householdId ?? '' },
      client: await dial(system.mqttPort, line),
    })),
  );
  const [late, live, ...repeating] = hubs;
  if (!late || !live) throw new Error('two hubs are needed beside those that repeat themselves');

  say(`${homesCount} hubs say ${messages} messages, each three times and in another order`);
  const said = new Map<string, Said>();
  await Promise.all(
    repeating.map(async ({ client, topic, householdId, clientId }) => {
      said.set(householdId, await saysThrice(client, topic, messages, dice(seed, clientId)));
    }),
  );
  const snapshots = await snapshotsOf(database);
  say(`presses while nothing else happens, and while a hub sends ${backlog} messages that are two days old`);
  const timed = await pressBeside(system, owner, [live, late], { quietMs, backlog });
  for (const { client } of hubs) await client.endAsync();
  await allRead(database);
  await system.stop();

  const found = {
    timed,
    wrong: await countedWrongly(database, said),
    late: await recordOf(database, late.householdId),
    live: await recordOf(database, live.householdId),
    others: await othersThanCalls(database),
    differs: await replayDiffers(database, snapshots),
  };
  folder.remove();
  return found;
}

async function run(asked: FaultRun): Promise<Outcome> {
  const { size } = asked;
  const { homes, messages, backlog: usual } = sizes[size];
  const backlog = asked.count ?? usual;
  const { timed, wrong, late, live, others, differs } = await play(asked, backlog);
  const presses = 1 + LATE_PRESSES + timed.same.presses;
  const livePresses = 1 + timed.quiet.presses + timed.other.presses;
  const [otherMs, sameMs] = [delayedMs(timed, timed.other), delayedMs(timed, timed.same)];
  return {
    load: { homes, copies: homes * messages * 3, backlog, backlogSeconds: Math.round(timed.backlogMs / 1_000) },
    faults: { repeated: homes * messages * 2, late: backlog },
    counts: {
      wrongHomes: wrong.length,
      backlogCounted: late.messages,
      ...figuresOf(timed),
      replaysThatDiffer: differs.length,
    },
    broken: brokenOf(
      [wrong.length === 0, `counted otherwise than said: ${wrong.slice(0, 3).join('; ')}`],
      [late.messages === backlog, `of ${backlog} late messages ${late.messages} are in the series`],
      [late.presses === presses, `${late.presses} occurrences of ${presses} presses`],
      [live.presses === livePresses, `${live.presses} occurrences of ${livePresses} presses at another home`],
      [others.length === 0, `alerts that nobody caused: ${others.slice(0, 5)}`],
      [differs.length === 0, `a replay is not the same: ${differs.join('; ')}`],
      [otherMs <= DELAYED_MS[size], `presses at another home were delayed by ${otherMs} ms`],
      [sameMs <= DELAYED_MS[size], `presses at the same home were delayed by ${sameMs} ms`],
    ),
  };
}

/** Messages come again, in another order, or two days late and all at once. */
export const duplicates: Fault = {
  name: 'duplicates',
  happens: 'every message comes three times within a minute, and 50,000 two days late from one hub',
  bar: 'each takes effect exactly once, a replay is byte for byte the same, and no live press is delayed by more than 1 s',
  unavailable: playable,
  run,
};
