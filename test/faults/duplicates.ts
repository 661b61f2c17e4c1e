import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { openDesk } from '../../bench/desk.ts';
import { dice } from '../../device-sim/dice.ts';
import { ROOT_AREA } from '../../domain/household.ts';
import { days, hours, seconds } from '../../domain/time.ts';
import { openStoreToRead } from '../../store/open.ts';
import { temporaryFolder } from '../memory.ts';
import { hubLinesOf, logIn, registerHomes } from '../person.ts';
import { startSystem, until } from '../system.ts';
import { type Said, saysThrice } from './duplicates-copies.ts';
import { type Pressed, pressUntil } from './duplicates-presses.ts';
import { replayDiffers, snapshotsOf } from './duplicates-replay.ts';
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

const dial = (port: number, line: { clientId: string; username: string; password: string }): Promise<MqttClient> =>
  connectAsync(`mqtt://127.0.0.1:${port}`, {
    clientId: line.clientId,
    username: line.username,
    password: line.password,
  });

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

async function run({ seed, size, count, say }: FaultRun): Promise<Outcome> {
  const { homes: homesCount, messages, backlog: usual, quietMs } = sizes[size];
  const backlog = count ?? usual;
  const folder = temporaryFolder();
  const database = join(folder.path, 'shouwang.db');
  const system = await startSystem({ dataDir: folder.path });
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const { homes } = await registerHomes(owner, homesCount + 2);
  const lines = hubLinesOf(homes);
  const clients = await Promise.all(lines.map((line) => dial(system.mqttPort, line)));
  const [late, live, ...repeating] = lines.map((line, i) => ({
    ...line,
    client: clients[i],
    householdId: homes[i]?.householdId ?? '',
  }));
  if (!late?.client || !live?.client) throw new Error('two hubs are needed beside those that repeat themselves');

  say(`${homesCount} hubs say ${messages} messages, each three times and in another order`);
  const said = new Map<string, Said>();
  await Promise.all(
    repeating.map(async ({ client, topic, householdId, clientId }) => {
      if (client) said.set(householdId, await saysThrice(client, topic, messages, dice(seed, clientId)));
    }),
  );
  const snapshots = await snapshotsOf(database);

  // Both hubs press once, so that the desk knows the alerts.
  const press = { boot: 'first', seq: 0, readings: [{ kind: 'sos', device: 'button', value: true }] };
  for (const { client, topic } of [late, live]) await client?.publishAsync(topic, JSON.stringify(press), { qos: 1 });
  const alertOf = (householdId: string): Promise<string> =>
    until('the alert of a press', async () => {
      const { alerts } = await owner.get<{ alerts: { id: string; householdId: string }[] }>('/alerts?limit=500');
      return alerts.find((alert) => alert.householdId === householdId)?.id;
    });
  const desk = await openDesk(system.httpUrl, owner.cookie);
  const presser = async (hub: typeof late) => ({
    client: hub.client as MqttClient,
    topic: hub.topic,
    desk,
    alertId: await alertOf(hub.householdId),
  });
  const [ofLive, ofLate] = [await presser(live), await presser(late)];

  say('presses while nothing else happens');
  const quiet = await pressUntil(AbortSignal.timeout(quietMs), { ...ofLive, boot: 'quiet' });
  say(`and while a hub sends ${backlog} messages that are two days old`);
  const ended = new AbortController();
  const beside = Promise.all([
    pressUntil(ended.signal, { ...ofLive, boot: 'beside' }),
    pressUntil(ended.signal, { ...ofLate, boot: 'among' }),
  ]);
  const from = performance.now();
  await sendsBacklog(ofLate.client, late.topic, backlog);
  const backlogMs = performance.now() - from;
  ended.abort();
  const [other, same]: Pressed[] = await beside;
  if (!other || !same) throw new Error('nobody pressed beside the backlog');

  desk.close();
  for (const client of clients) await client.endAsync();
  await system.stop();

  const wrong: string[] = [];
  for (const [householdId, expected] of said) {
    const { alerts, ...found } = await recordOf(database, householdId);
    if (JSON.stringify(found) !== JSON.stringify(expected))
      wrong.push(`${JSON.stringify(expected)} became ${JSON.stringify(found)}`);
    if (alerts !== 1) wrong.push(`${alerts} open alerts of one home`);
  }
  const ofBacklog = await recordOf(database, late.householdId);
  const { store, close } = openStoreToRead(database);
  const { alerts } = await store.queue({
    scope: { areaId: ROOT_AREA, householdId: null },
    state: 'unclosed',
    userId: '',
    limit: 1_000,
    now: Date.now(),
  });
  await close();
  const others = alerts.filter(({ category }) => category !== 'sos');
  const differs = await replayDiffers(database, snapshots);
  folder.remove();

  const delayedMs = (pressed: Pressed): number =>
    Math.round(Math.max(pressed.ackP99Ms - quiet.ackP99Ms, pressed.deskP99Ms - quiet.deskP99Ms));
  const ms = (value: number): number => Number(value.toFixed(1));
  return {
    load: {
      homes: homesCount,
      copies: homesCount * messages * 3,
      backlog,
      backlogSeconds: Math.round(backlogMs / 1_000),
    },
    faults: { repeated: homesCount * messages * 2, late: backlog },
    counts: {
      wrongHomes: wrong.length,
      backlogCounted: ofBacklog.messages,
      quietAckP99Ms: ms(quiet.ackP99Ms),
      quietDeskP99Ms: ms(quiet.deskP99Ms),
      otherHubAckP99Ms: ms(other.ackP99Ms),
      otherHubDeskP99Ms: ms(other.deskP99Ms),
      sameHubAckP99Ms: ms(same.ackP99Ms),
      sameHubDeskP99Ms: ms(same.deskP99Ms),
      pressesBeside: other.presses + same.presses,
      replaysThatDiffer: differs.length,
    },
    broken: brokenOf(
      [wrong.length === 0, `counted otherwise than said: ${wrong.slice(0, 3).join('; ')}`],
      [ofBacklog.messages === backlog, `of ${backlog} late messages ${ofBacklog.messages} are in the series`],
      [
        ofBacklog.presses === 1 + LATE_PRESSES + same.presses,
        `${ofBacklog.presses} occurrences of ${1 + LATE_PRESSES + same.presses} presses`,
      ],
      [others.length === 0, `alerts that nobody caused: ${others.map(({ category }) => category).slice(0, 5)}`],
      [differs.length === 0, `a replay is not the same: ${differs.join('; ')}`],
      [delayedMs(other) <= DELAYED_MS[size], `presses at another home were delayed by ${delayedMs(other)} ms`],
      [delayedMs(same) <= DELAYED_MS[size], `presses at the same home were delayed by ${delayedMs(same)} ms`],
    ),
  };
}

/** Messages come again, in another order, or two days late and all at once. */
export const duplicates: Fault = {
  name: 'duplicates',
  happens: 'every message comes three times within a minute, and 50,000 two days late from one hub',
  bar: 'each takes effect exactly once, a replay is byte for byte the same, and live presses are delayed by 1 s at most',
  unavailable: playable,
  run,
};
