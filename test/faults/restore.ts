import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { sql } from 'kysely';
import { connectAsync } from 'mqtt';
import { dice } from '../../device-sim/dice.ts';
import { latencies } from '../../device-sim/latency.ts';
import { runLoad } from '../../device-sim/load.ts';
import { ROOT_AREA } from '../../domain/household.ts';
import type { Plan } from '../../domain/plan.ts';
import { readManifest } from '../../store/backup.ts';
import { openStoreHere } from '../../store/open.ts';
import type { QueueAnswer } from '../../web/wire/alert.ts';
import { temporaryFolder } from '../memory.ts';
import { hubLinesOf, logIn, registerHomes } from '../person.ts';
import { startSystem, until } from '../system.ts';
import { sentence } from './against.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';
import { openHook } from './hook.ts';
import { openToQuery } from './query.ts';
import { placesIn } from './told.ts';

const BACKUP = fileURLToPath(new URL('../../backup.ts', import.meta.url));

type Shape = {
  readonly homes: number;
  readonly rate: number;
  /** How long the homes talk before the backup, and after it. */
  readonly aroundMs: number;
  /** Kept readings of years, so that the database has the size of one that has been in service. */
  readonly oldReadings: number;
  /** PUBACK's p99 while a backup is made may be so many times that of before. */
  readonly slower: number;
  readonly restoredWithinMs: number;
};
const SHORT: Shape = {
  ...{ homes: 40, rate: 400, aroundMs: 2_000, oldReadings: 20_000 },
  ...{ slower: 20, restoredWithinMs: 60_000 },
};
const FULL: Shape = {
  ...{ homes: 2_000, rate: 2_250, aroundMs: 60_000, oldReadings: 20_000_000 },
  ...{ slower: 3, restoredWithinMs: 600_000 },
};

/** After the first rung nothing is due for so long that only a restore can make it so. */
const PLAN: Plan = {
  steps: [
    { afterSeconds: 0, tell: ['station'], channels: ['webhook'] },
    { afterSeconds: 3_600, tell: ['hotline', 'owner'], channels: ['webhook'] },
  ],
  ...{ repeatSeconds: 3_600, attendSeconds: 3_600, closeSeconds: 14_400 },
};
const PASSWORD = 'a password of the owner';

const READINGS_A_HOME = 10_000;

async function fill(database: string, rows: number): Promise<void> {
  await (await openStoreHere(database)).close();
  const db = new Sqlite(database);
  db.pragma('synchronous = off');
  const insert = db.prepare(`insert into reading (household_id, hub_id, device, kind, value, at, position)
    values (?, ?, 'pir-kitchen', 'motion', 1, ?, ?)`);
  const page = db.transaction((from: number, to: number) => {
    for (let n = from; n < to; n++) {
      // One home behind the other, as the key goes: so a city's readings are written in a minute.
      const home = `00000000-0000-4000-8000-${String(Math.floor(n / READINGS_A_HOME)).padStart(12, '0')}`;
      insert.run(home, home, 1_700_000_000_000 + n, `intake of some years ago ${n} 0`);
    }
  });
  for (let from = 0; from < rows; from += 100_000) page(from, Math.min(rows, from + 100_000));
  db.close();
}

/** As an operator calls it; what it printed. */
async function command(dataDir: string, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [BACKUP, ...args], {
    env: { PATH: process.env.PATH, SHOUWANG_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`backup.ts ${args[0]} ended with ${code}: ${said}`);
  return said;
}

/** Homes talk, a backup is made meanwhile, they talk on, and then the machine is gone. */
async function untilTheEnd(run: FaultRun, shape: Shape, dataDir: string, backups: string) {
  await fill(join(dataDir, 'shouwang.db'), run.count ?? shape.oldReadings);
  const hook = await openHook(dice('restore', run.seed));
  const system = await startSystem({ dataDir });
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  await owner.request('POST', '/session/own-password', { password: PASSWORD });
  for (const audience of ['station', 'hotline', 'owner'])
    await owner.post('/webhooks', { areaId: ROOT_AREA, audience, url: hook.url });
  const { homes } = await registerHomes(owner, shape.homes, { plans: { sos: PLAN } });
  const hubs = hubLinesOf(homes);

  const acked: { readonly key: string; readonly at: number; readonly hub: string; readonly critical: boolean }[] = [];
  const phases = { before: latencies(), during: latencies(), after: latencies() };
  let phase: keyof typeof phases = 'before';
  const ended = new AbortController();
  const load = runLoad({
    ...{ host: '127.0.0.1', port: system.mqttPort, hubs, rate: shape.rate, seconds: 3_600, criticalPerMille: 10 },
    ...{ signal: ended.signal, drainMs: 0 },
    onAck({ clientId }, boot, seq, critical, ms) {
      phases[phase].add(ms);
      acked.push({ key: `${clientId} ${boot} ${seq}`, at: Date.now(), hub: clientId, critical });
    },
  });
  await until('emergencies', () => acked.filter(({ critical }) => critical).length >= 10, 60_000);
  // What all of them take to connect is not asked for.
  phases.before = latencies();
  await pause(shape.aroundMs);
  const { alerts } = await owner.get<QueueAnswer>('/alerts');
  const [taken] = alerts.filter(({ category }) => category === 'sos');
  if (!taken) throw new Error('no emergency was raised');
  await owner.post(`/alerts/${taken.id}/act`, { version: taken.version, action: { kind: 'take' } });

  phase = 'during';
  const from = performance.now();
  run.say(await command(dataDir, 'take', backups));
  const takenInMs = performance.now() - from;
  phase = 'after';
  await pause(shape.aroundMs);
  await system.kill('SIGKILL');
  ended.abort();
  await load;
  return { hook, homes, owner, acked, phases, takenInMs };
}

type Lost = Awaited<ReturnType<typeof untilTheEnd>>;

async function press(port: number, { clientId, username, key }: Lost['homes'][number]): Promise<void> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
    ...{ clientId, username, password: key, reconnectPeriod: 0 },
  });
  const message = { boot: 'after', seq: 1, readings: [{ kind: 'sos', device: 'button', value: true }] };
  await client.publishAsync(`sw/${clientId}/emergency`, JSON.stringify(message), { qos: 1 });
  await client.endAsync();
}

/** All of them: more than any screen asks for at once. */
async function unresolvedIn(database: string): Promise<{ id: string; householdId: string }[]> {
  const db = openToQuery(database);
  const unresolved = db.selectFrom('alert').where('category', '=', 'sos').where('state', '<>', sql.lit('closed'));
  const rows = await unresolved.select(['id', 'household_id as householdId']).execute();
  await db.destroy();
  return rows;
}

async function onAnotherMachine(run: FaultRun, lost: Lost, dataDir: string, backup: string, withinMs: number) {
  const from = performance.now();
  const fromAt = Date.now();
  run.say(await command(dataDir, 'restore', backup));
  const restoredInMs = performance.now() - from;
  const places = await placesIn(join(dataDir, 'shouwang.db'));
  const startedAt = performance.now();
  const system = await startSystem({ dataDir });
  try {
    const oldSession = await fetch(`${system.httpUrl}/api/alerts`, { headers: { cookie: lost.owner.cookie } });
    const answer = await fetch(`${system.httpUrl}/api/session/password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: system.httpUrl },
      body: JSON.stringify({ login: 'owner', password: PASSWORD }),
    });
    const emergencies = await unresolvedIn(join(dataDir, 'shouwang.db'));
    const toldAgain = () =>
      new Set([...lost.hook.receptions.values()].filter((it) => it.firstAt > fromAt).map(({ alertId }) => alertId));
    const untold = () => {
      const told = toldAgain();
      return emergencies.filter(({ id }) => !told.has(id)).map(({ id }) => id);
    };
    const allTold = () => untold().length === 0;
    await until('everybody to be told again', allTold, withinMs).catch(() => {});
    const againInMs = performance.now() - startedAt;
    const [home] = lost.homes;
    if (home) await press(system.mqttPort, home);
    const after = await placesIn(join(dataDir, 'shouwang.db'));
    return {
      ...{ places, emergencies, restoredInMs, againInMs },
      untold: untold(),
      oldSession: oldSession.status,
      loggedIn: answer.status,
      heardAgain: after.has(`${home?.clientId} after 1`),
    };
  } finally {
    await system.stop();
  }
}

async function play(run: FaultRun, shape: Shape): Promise<Outcome> {
  const folder = temporaryFolder();
  const backups = join(folder.path, 'backups');
  mkdirSync(backups);
  const before = await untilTheEnd(run, shape, join(folder.path, 'one'), backups);
  try {
    const [name = ''] = readdirSync(backups).filter((it) => it.startsWith('shouwang-'));
    const backup = join(backups, name);
    const manifest = readManifest(backup);
    const there = await onAnotherMachine(run, before, join(folder.path, 'two'), backup, shape.restoredWithinMs);
    const promised = before.acked.filter(({ at }) => at < manifest.takenAt);
    const missing = promised.filter(({ key }) => !there.places.has(key)).map(({ key }) => key);
    const pressed = new Set(promised.filter(({ critical }) => critical).map(({ hub }) => hub));
    const households = new Map(before.homes.map(({ clientId, householdId }) => [clientId, householdId]));
    const alerted = new Set(there.emergencies.map(({ householdId }) => householdId));
    const unalerted = [...pressed].filter((hub) => !alerted.has(households.get(hub) ?? ''));
    const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
    const p99 = (which: keyof typeof before.phases) => Number(before.phases[which].quantile(0.99).toFixed(2));
    const ratio = Number((p99('during') / p99('before')).toFixed(2));
    const rtoMs = there.restoredInMs + there.againInMs;
    return {
      load: { homes: shape.homes, messagesPerSecond: shape.rate, databaseMb: Math.round(bytes / 1e6) },
      faults: { machinesLost: 1 },
      counts: {
        acknowledgedBefore: promised.length,
        acknowledgedAfterAndLost: before.acked.filter(({ key }) => !there.places.has(key)).length,
        unresolvedToldAgain: there.emergencies.length - there.untold.length,
        backupMs: Math.round(before.takenInMs),
        backupMbPerSecond: Math.round(bytes / 1e3 / before.takenInMs),
        restoreMs: Math.round(there.restoredInMs),
        restoreMbPerSecond: Math.round(bytes / 1e3 / there.restoredInMs),
        untilAllAreToldAgainMs: Math.round(rtoMs),
        pubackP99BeforeMs: p99('before'),
        pubackP99DuringMs: p99('during'),
        pubackP99AfterMs: p99('after'),
        pubackP99Ratio: ratio,
      },
      broken: [
        ...sentence('messages acknowledged before the backup are not in what was restored', missing),
        ...sentence('hubs pressed and have no alert after the restore', unalerted),
        ...sentence('unresolved alerts were not told again', there.untold),
        ...brokenOf(
          [there.oldSession === 401, `an old session was answered ${there.oldSession}`],
          [there.loggedIn === 200, `the owner's password was answered ${there.loggedIn}`],
          [there.heardAgain, "a hub's press after the restore is not in the journal"],
          [rtoMs <= shape.restoredWithinMs, `it took ${Math.round(rtoMs)} ms until everybody was told again`],
          [ratio <= shape.slower, `PUBACKs took ${ratio} times as long while the backup was made`],
        ),
      ],
    };
  } finally {
    await before.hook.close();
    folder.remove();
  }
}

export const restore: Fault = {
  name: 'restore',
  happens: 'the machine is lost; a backup made under load is restored on another one',
  bar: 'everything acknowledged before the backup is there, unresolved alerts are told again, all within 10 min; while it is made a PUBACK takes 3 × as long at most (p99)',
  unavailable: playable,
  run: (run) => play(run, run.size === 'short' ? SHORT : FULL),
};
