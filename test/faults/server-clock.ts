import { join } from 'node:path';
import { dice } from '../../device-sim/dice.ts';
import { memoryLedger } from '../../device-sim/ledger.ts';
import { ownSpeech } from '../../device-sim/own-speech.ts';
import { SimHub } from '../../device-sim/sim-hub.ts';
import { SYSTEM_HOUSEHOLD } from '../../domain/household.ts';
import { days, hours, minutes, seconds } from '../../domain/time.ts';
import { freePort } from '../free-port.ts';
import { temporaryFolder } from '../memory.ts';
import { logIn, registerHomes } from '../person.ts';
import { type System, startSystem, until } from '../system.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome } from './fault.ts';
import { openToQuery } from './query.ts';
import { watchDeadlines } from './server-clock-deadlines.ts';
import { settableWall, type Wall, wallUnavailable } from './server-clock-wall.ts';

/** Before what happens, and after it. */
const PRESSES_EACH = 2;
const BEAT_MS = seconds(1);
/** A wall clock that drifts: by so much of each second. */
const DRIFT = 0.02;
const DRIFT_EVERY_MS = 250;
/** An answer is dated to the second, and the date kept for one. */
const SEEN_MS = seconds(5);
/** The auditor says nothing in its first half minute; a round more, and a busy machine. */
const INCIDENT_WITHIN_MS = minutes(1.5);

/** Three rungs in four seconds; and limits so short that any step of an hour would break each of them. */
const household = {
  plans: {
    sos: {
      steps: [
        { afterSeconds: 0, tell: ['station'], channels: ['console', 'webhook'] },
        { afterSeconds: 2, tell: ['hotline'], channels: ['console', 'webhook'] },
        { afterSeconds: 4, tell: ['district', 'owner'], channels: ['console', 'webhook'] },
      ],
      repeatSeconds: 30,
      attendSeconds: 60,
      closeSeconds: 60,
    },
  },
  settings: { inactivityDayMinutes: 30, inactivityNightMinutes: 30 },
};

type Happening = { readonly toMs: number; readonly restart: 'kill' | 'stop' | null };

const short: readonly Happening[] = [
  { toMs: hours(1), restart: null },
  { toMs: -days(1), restart: 'kill' },
  { toMs: hours(1), restart: 'kill' },
];
/** Every step while it runs, across a crash and across an orderly restart. */
const full = ([null, 'kill', 'stop'] as const).flatMap((restart) =>
  [hours(1), 0, -hours(1), -days(1), days(1), 0].map((toMs): Happening => ({ toMs, restart })),
);

/** From the wall's present place on, a little further from the truth every quarter of a second. */
function drift(wall: Wall): () => void {
  const timer = setInterval(() => wall.set(wall.offMs() + DRIFT * DRIFT_EVERY_MS), DRIFT_EVERY_MS);
  return () => clearInterval(timer);
}

/** The system must have taken the wall for its own, or nothing was tried: an answer of it is dated by that. */
const isAtTheWall = ({ httpUrl }: System, wall: Wall): Promise<unknown> =>
  until('the system to see the wall', async () => {
    const shown = Date.parse((await fetch(`${httpUrl}/health/live`)).headers.get('date') ?? '');
    return Math.abs(shown - Date.now() - wall.offMs()) < SEEN_MS;
  });

/** Also the alerts that have ended again: a storm may heal by itself. */
async function everRaised(folder: string) {
  const db = openToQuery(join(folder, 'data', 'shouwang.db'));
  const rows = await db.selectFrom('alert').select(['household_id', 'category', 'subject', 'occurrences']).execute();
  await db.destroy();
  return rows.map(({ household_id, ...row }) => ({ ...row, householdId: household_id }));
}

/** A town whose people press buttons, on a server whose wall can be set; and who watches its deadlines. */
async function openTown(folder: string, homesCount: number, say: FaultRun['say']) {
  const dataDir = join(folder, 'data');
  const wall = settableWall(folder);
  const port = await freePort();
  const env = { ...wall.env, SHOUWANG_MQTT_PORT: String(port) };
  let system: System = await startSystem({ dataDir, env });
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const { homes } = await registerHomes(owner, homesCount, household);
  const hubs = homes.map(({ clientId, username, key }) => {
    const credential = { clientId, username, password: key };
    const url = `mqtt://127.0.0.1:${port}`;
    return new SimHub({ url, credential, speech: ownSpeech(clientId), ledger: memoryLedger([]) });
  });
  const beating = setInterval(() => {
    for (const hub of hubs) hub.says([{ kind: 'motion', device: 'hall', value: true }], Date.now());
  }, BEAT_MS);
  const watch = watchDeadlines(join(dataDir, 'shouwang.db'));
  const did = { presses: 0, slowestMs: 0 };

  /** Somebody presses who has not yet, so that a plan is climbed from its first rung; the alert stands. */
  async function press(): Promise<string> {
    const at = did.presses++;
    const householdId = homes[at]?.householdId;
    const from = performance.now();
    hubs[at]?.says([{ kind: 'sos', device: 'button', value: true }], Date.now());
    const alert = await until('the alert of a press', async () =>
      (await watch.alerts()).find((it) => it.householdId === householdId && it.category === 'sos'),
    );
    did.slowestMs = Math.max(did.slowestMs, performance.now() - from);
    return alert.id;
  }

  return {
    ...{ wall, watch, did },
    async happens({ toMs, restart }: Happening): Promise<void> {
      say(`the wall goes to ${toMs / hours(1)} h${restart ? `, and the system is started anew (${restart})` : ''}`);
      const before = await press();
      wall.set(toMs);
      if (restart === null) await isAtTheWall(system, wall);
      if (restart === 'kill') await system.kill('SIGKILL');
      if (restart === 'stop') await system.stop();
      if (restart) {
        system = await startSystem({ dataDir, env });
        await isAtTheWall(system, wall);
      }
      const after = await press();
      for (const id of [before, after])
        await until('the last rung of an alert', () => watch.rungOf(id)?.startsWith('2.'), seconds(60));
    },
    async end(): Promise<void> {
      clearInterval(beating);
      await Promise.all(hubs.map((hub) => hub.stop()));
      await system.stop();
    },
  };
}

async function run({ seed, size, count, say }: FaultRun): Promise<Outcome> {
  const folder = temporaryFolder();
  const happenings = size === 'short' ? short : full;
  const rounds = count ?? 1;
  const homes = happenings.length * PRESSES_EACH * rounds;
  const town = await openTown(folder.path, homes, say);
  const { wall, watch, did } = town;
  for (let round = 0; round < rounds; round++) {
    for (const happening of happenings.slice(0, -1)) await town.happens(happening);
    const endDrift = drift(wall);
    for (const happening of happenings.slice(-1)) await town.happens(happening);
    endDrift();
  }
  // The last place of the wall is one that the system must complain about.
  wall.set(dice(seed, 'server-clock').pick([hours(1), -days(1)]));
  const isComplaint = ({ householdId, subject }: { householdId: string; subject: string }): boolean =>
    householdId === SYSTEM_HOUSEHOLD && subject === 'clock';
  const complains = async () => (await watch.alerts()).some(isComplaint);
  const incident =
    size === 'short' || (await until('the incident of the clock', complains, INCIDENT_WITHIN_MS).catch(() => false));

  const alerts = await everRaised(folder.path);
  const seen = await watch.stop();
  await town.end();
  folder.remove();
  const calls = alerts.filter(({ category }) => category === 'sos');
  const occurred = calls.reduce((sum, { occurrences }) => sum + occurrences, 0);
  const others = alerts.filter((alert) => alert.category !== 'sos' && !isComplaint(alert));
  return {
    load: { homes, messagesPerSecond: homes / (BEAT_MS / 1_000), presses: did.presses },
    faults: {
      steps: happenings.length * rounds,
      restarts: happenings.filter(({ restart }) => restart).length * rounds,
      drifts: rounds,
    },
    counts: {
      samples: seen.samples,
      rungs: seen.rungs,
      untimely: seen.untimely.length,
      mostOverdueMs: seen.mostOverdueMs,
      otherAlerts: others.length,
      slowestPressMs: Math.round(did.slowestMs),
    },
    broken: brokenOf(
      [seen.broken.length === 0, `deadlines: ${seen.broken.slice(0, 5).join('; ')}`],
      [seen.untimely.length === 0, `rungs by the monotonic clock: ${seen.untimely.slice(0, 5).join('; ')}`],
      [others.length === 0, `a storm: ${others.map(({ category, subject }) => `${category} ${subject}`).slice(0, 5)}`],
      [occurred === did.presses, `${did.presses} presses came to ${occurred} occurrences`],
      [incident, 'a step of the wall clock was no incident of the system'],
    ),
    ...(size === 'short' && {
      notShown: ['that a step becomes an incident: the auditor says nothing in its first half minute'],
    }),
  };
}

/** The wall clock of the server is set, again and again, while it runs and while it is started anew. */
export const serverClock: Fault = {
  name: 'server-clock',
  happens: 'the wall clock is set by ±1 h and −1 d and drifts, while the system runs and across restarts',
  bar: 'every deadline is kept by the time that really passes, within 10 s; no alert but the presses and the incident',
  unavailable: wallUnavailable,
  run,
};
