import { dice } from '../../device-sim/dice.ts';
import type { Home } from '../../device-sim/home.ts';
import { ROOT_AREA } from '../../domain/household.ts';
import { days, hours, minutes, seconds } from '../../domain/time.ts';
import { openStoreToRead } from '../../store/open.ts';
import { temporaryFolder } from '../memory.ts';
import { hubLinesOf, logIn, registerHomes } from '../person.ts';
import { startSystem } from '../system.ts';
import { clockOfHome, showing, wrongClockOf, wrongClocks } from './device-clocks-wrong.ts';
import { dial } from './duplicates-dial.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';
import { liveBatch } from './virtual-months-batch.ts';
import type { Plot } from './virtual-months-life.ts';
import { isEmergency, judgeBatch, nothingKnown } from './virtual-months-truth.ts';

const sizes = {
  short: { homes: 32, days: 3, batch: 32 },
  full: { homes: 1_000, days: 10, batch: 100 },
} as const;

/** Nothing happens in most of these homes; in the others somebody calls. */
function plotOf(home: Home, fromAt: number, lasts: number): Plot {
  const chance = dice(home.seed, home.number, 'plot');
  if (chance.chance(0.6)) return { kind: 'nothing' };
  const at = fromAt + hours(20) + chance.whole(0, Math.max(1, days(lasts) - hours(40)));
  return { kind: 'calls', at: [at, at + hours(4), at + hours(9)] };
}

/** A clock that jumps back by less than a month is believed for ten minutes, until it is plain that it does not catch up; readings a home. */
const EARLY_AFTER_A_JUMP = 5;

type Months = {
  messages: number;
  falseInactivity: string[];
  astray: number;
  early: number;
  unfound: number;
  called: number;
  unexplained: string[];
  clocksTold: number;
  unmarked: string[];
  failures: number;
};

/** Months with wrong clocks, on a virtual one. */
async function liveWrongly({ seed, say }: FaultRun, homes: number, lasts: number, batch: number): Promise<Months> {
  const truth = nothingKnown();
  const months: Months = {
    messages: 0,
    falseInactivity: [],
    astray: 0,
    early: 0,
    unfound: 0,
    called: 0,
    unexplained: [],
    clocksTold: 0,
    unmarked: [],
    failures: 0,
  };
  for (let from = 1; from <= homes; from += batch) {
    const lived = await liveBatch({
      seed,
      from,
      homes: batch,
      days: lasts,
      plotOf,
      clockOf: clockOfHome,
      replayed: false,
    });
    judgeBatch(truth, lived, ['hub_clock']);
    months.messages += lived.entries;
    months.failures += lived.failures;
    months.astray += lived.misplaced.astray;
    months.early += lived.misplaced.early;
    const told = new Set(lived.findings.filter(({ category }) => category === 'hub_clock').map((it) => it.householdId));
    months.clocksTold += told.size;
    // A call that comes by a clock that cannot be believed must say so, and one that is said to be late must show it.
    for (const it of lived.findings.filter(isEmergency)) {
      const [reading] = it.evidence.readings;
      const marked = /late|believed/.test(it.sentence.en) || it.delayMs < minutes(1);
      if (!marked || !reading) months.unmarked.push(it.sentence.en);
    }
    say(`${from + batch - 1} homes: ${truth.falseInactivity.length} false alarms, ${months.astray} readings astray`);
  }
  const { falseInactivity, unexplained, called, callsFound } = truth;
  return { ...months, falseInactivity, unexplained, called, unfound: called - callsFound };
}

/**
 * Through the real front door: every kind of clock, with and without a time of sending. Each presses once, once late, and after a reset under
 * the number of its first press; the copies of all that are no presses.
 */
async function press(run: FaultRun) {
  const folder = temporaryFolder();
  const system = await startSystem({ dataDir: folder.path });
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const { homes } = await registerHomes(owner, wrongClocks.length * 2);
  const lines = hubLinesOf(homes);
  const now = Date.now();
  let acked = 0;
  await Promise.all(
    lines.map(async ({ clientId, username, password, topic }, number) => {
      const client = await dial(system.mqttPort, { clientId, username, password });
      const { kind, tellsSent } = wrongClockOf({ number });
      const shows = showing(kind, now - hours(30), now - hours(1));
      const says = async ([seq, at]: readonly [number, number]) => {
        const sent = tellsSent ? { sent: shows(Date.now()) } : {};
        const readings = [{ kind: 'sos', device: 'button', value: true }];
        const body = { boot: 'b', seq, ts: shows(at), ...sent, readings };
        await client.publishAsync(topic, JSON.stringify(body), { qos: 1 });
      };
      const presses = [
        [0, now],
        [1, now - hours(26)],
        [2, now],
        [0, now + seconds(20)],
      ] as const;
      for (const press of presses) {
        await says(press);
        acked++;
      }
      for (const copy of presses) await says(copy);
      await client.endAsync();
    }),
  );
  const { store, close } = openStoreToRead(`${folder.path}/shouwang.db`);
  const asked = {
    scope: { areaId: ROOT_AREA, householdId: null },
    state: 'unclosed' as const,
    userId: '',
    limit: 1_000,
    now,
  };
  const { alerts } = await store.queue(asked);
  const sos = alerts.filter(({ category }) => category === 'sos');
  const occurred = sos.reduce((sum, { occurrences }) => sum + occurrences, 0);
  // With a time of sending the age is right however wrong the clock is, unless the clock was set in between.
  const misjudged: string[] = [];
  for (const [number, { householdId }] of homes.entries()) {
    const { kind, tellsSent } = wrongClockOf({ number });
    const alert = sos.find((it) => it.householdId === householdId);
    const record = alert && (await store.alertRecord({ id: alert.id }));
    const late = record?.occurrences.some(({ delayMs }) => Math.abs(delayMs - hours(26)) < hours(2));
    const isTurned = ['jumps', 'summer_time_begins', 'summer_time_ends', 'in_1970'].includes(kind);
    if (tellsSent && !isTurned && !late) misjudged.push(kind);
  }
  await close();
  await system.stop();
  folder.remove();
  run.say(`${acked} presses through the front door, ${occurred} occurrences`);
  return { acked, occurred, alerts: sos.length, homes: homes.length, misjudged };
}

async function run(asked: FaultRun): Promise<Outcome> {
  const { homes: usual, days: lasts, batch } = sizes[asked.size];
  const homes = asked.count ?? usual;
  const door = await press(asked);
  const months = await liveWrongly(asked, homes, lasts, batch);
  return {
    load: { homes, days: lasts, messages: months.messages, presses: door.acked },
    faults: { wrongClocks: wrongClocks.length },
    counts: {
      doorPresses: door.acked,
      doorOccurrences: door.occurred,
      calls: months.called,
      callsNotFound: months.unfound,
      falseInactivity: months.falseInactivity.length,
      readingsAstray: months.astray,
      readingsBeforeTheirTime: months.early,
      homesToldOfTheirClock: months.clocksTold,
      unexplained: months.unexplained.length,
    },
    broken: brokenOf(
      [door.acked === door.occurred, `${door.acked} presses at the front door came to ${door.occurred} occurrences`],
      [door.alerts === door.homes, `${door.homes} homes pressed, and ${door.alerts} have an open alert`],
      [door.misjudged.length === 0, `a press of a day ago is not marked so: ${door.misjudged.join(', ')}`],
      [months.unfound === 0, `${months.unfound} of ${months.called} calls raised nothing`],
      [
        months.unmarked.length === 0,
        `calls whose time is in doubt do not say so: ${months.unmarked.slice(0, 3).join('; ')}`,
      ],
      [
        months.falseInactivity.length === 0,
        `false alarms of no movement: ${months.falseInactivity.slice(0, 3).join('; ')}`,
      ],
      [months.early <= EARLY_AFTER_A_JUMP * homes, `${months.early} readings lie before their time`],
      [months.astray === 0, `${months.astray} readings lie in years in which nobody lived`],
      [months.clocksTold > 0, 'nobody was told that a clock is wrong'],
      [months.failures === 0, `${months.failures} times a rule threw`],
      [months.unexplained.length === 0, `findings that nothing explains: ${months.unexplained.slice(0, 3).join('; ')}`],
    ),
  };
}

/** Hubs whose clocks are wrong in every way that we know of. */
export const deviceClocks: Fault = {
  name: 'device-clocks',
  happens:
    "hubs' clocks stand in 1970, a year ahead, at their maker's date; change to summer time, drift by 5 %, jump; some are reset and say their numbers again",
  bar: 'no call is missed, each is marked with what is known of its time; no false alarm of no movement; no reading in another year',
  unavailable: playable,
  run,
};
