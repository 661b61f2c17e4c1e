import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { openReceiver, type Receiver } from '../../alerts/test-receiver.ts';
import { dice } from '../../device-sim/dice.ts';
import { serverFrame } from '../../web/wire/system.ts';
import { chromiumAvailable } from '../chromium.ts';
import { logIn } from '../person.ts';
import { postgresAvailable, startPostgres } from '../postgres.ts';
import { type System, startFreshSystem } from '../system.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';
import { attend, type Compare, employ, exported, queued, readBack, told, unread } from './injection/answers.ts';
import { introduce, type NastyHome, settle, speak, UNREADABLE } from './injection/homes.ts';
import { openSeriesReceiver } from './injection/line-protocol.ts';
import { look } from './injection/screens.ts';
import { nastyTexts } from './nasty-texts.ts';
import { watchProcess } from './watched-process.ts';

/** Loading a page takes the longest by far: a short run looks at some of the homes. */
const PAGES = { short: 4, full: nastyTexts.length } as const;
const BUILD = fileURLToPath(new URL('../../web/build.ts', import.meta.url));
/** What a terminal would obey, and marks of direction by which a line lies: all but the line's own end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

type Trip = {
  readonly compared: number;
  readonly sinks: number;
  readonly frames: number;
  readonly executed: readonly string[];
  readonly differing: readonly string[];
  readonly errors: readonly string[];
  readonly exit: number | null;
};

function comparison() {
  const sinks = new Set<string>();
  const differing = new Map<string, string>();
  let compared = 0;
  const compare: Compare = (where, sent, came) => {
    compared++;
    sinks.add(where);
    if (sent !== came)
      differing.set(`${where} ${sent}`, `${where}: ${JSON.stringify(sent)} came back as ${JSON.stringify(came)}`);
  };
  return { compare, compared: () => compared, sinks, differing };
}

/** Listens as a console does; frames tell of ids and nothing else. */
function listen(httpUrl: string, cookie: string): { readonly frames: string[]; readonly close: () => void } {
  const frames: string[] = [];
  const socket = new WebSocket(`${httpUrl.replace('http', 'ws')}/api/live`, { headers: { cookie, origin: httpUrl } });
  socket.on('message', (data) => frames.push(String(data)));
  socket.on('error', () => {});
  return { frames, close: () => socket.terminate() };
}

/** What could not be read is listed up to this, the latest first. */
const LISTED = 50;

/** As many homes as the list has room for; those that are left over come first. */
function byTurns(homes: readonly NastyHome[]): NastyHome[][] {
  const atOnce = LISTED / UNREADABLE;
  const first = homes.length % atOnce;
  const begins = Array.from({ length: Math.floor(homes.length / atOnce) }, (_, n) => first + n * atOnce);
  return [homes.slice(0, first), ...begins.map((at) => homes.slice(at, at + atOnce))].filter((some) => some.length > 0);
}

type Journey = {
  readonly texts: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly pages: number;
  /** Whether all of them are looked for in the list of what could not be read, which is short and five seconds old. */
  readonly every: boolean;
};

async function roundTrip(journey: Journey): Promise<Trip> {
  const [series, hooks] = await Promise.all([openSeriesReceiver(), openReceiver()]);
  const logged = { SHOUWANG_INFLUX_URL: series.url, SHOUWANG_LOG_LEVEL: 'debug' };
  const system = await startFreshSystem({ env: { ...journey.env, ...logged } });
  try {
    return await travel(journey, { system, series, hooks });
  } finally {
    await Promise.all([series.close(), hooks.close(), system.end()]);
  }
}

type Places = {
  readonly system: System;
  readonly series: Awaited<ReturnType<typeof openSeriesReceiver>>;
  readonly hooks: Receiver;
};

/** From every way in to every way out. */
async function travel({ texts, pages, every }: Journey, { system, series, hooks }: Places): Promise<Trip> {
  const watched = watchProcess(system);
  const obeyed: string[] = [];
  system.child.stderr?.on(
    'data',
    (chunk: Buffer) => OBEYED.test(String(chunk)) && obeyed.push(JSON.stringify(String(chunk))),
  );
  const { compare, compared, sinks, differing } = comparison();
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const { secret } = await owner.post<{ secret: string }>('/webhooks', {
    areaId: 'root',
    audience: 'station',
    url: hooks.url,
  });
  const homes = await settle(owner, texts);
  const console = listen(system.httpUrl, owner.cookie);

  for (const some of byTurns(homes)) {
    await Promise.all(some.map((home) => speak(system.mqttPort, home)));
    if (every || some.includes(homes.at(-1) as NastyHome)) await unread(owner, some, compare);
  }
  await Promise.all(texts.map((text) => introduce(system.mqttPort, text)));
  await Promise.all(homes.map((home) => attend(owner, home, compare)));
  await Promise.all(homes.map((home) => readBack(owner, home, compare)));
  await Promise.all(texts.map((text, nth) => employ(owner, text, nth, compare)));
  await queued(owner, homes, compare);
  await told(hooks.received, secret, homes, compare);
  await exported(series.text, homes, compare);
  const desk = { login: 'desk', name: 'desk', role: 'operator', areaId: 'root' };
  const { link } = await owner.post<{ link: string }>('/users', desk);
  const seen = homes.slice(0, pages);
  const executed = pages === 0 ? [] : await look(system.httpUrl, link, seen, compare);

  console.close();
  const strange = console.frames.filter((frame) => !serverFrame.safeParse(JSON.parse(frame)).success);
  const exit = await system.stop();
  watched.stop();
  return {
    ...{ compared: compared(), sinks: sinks.size, frames: console.frames.length, executed, exit },
    differing: [...differing.values()],
    errors: [
      ...watched.mistakes(),
      ...watched.errors().keys(),
      ...strange,
      ...obeyed.map((text) => `raw in the log: ${text}`),
    ],
  };
}

async function onPostgres(texts: readonly string[], every: boolean): Promise<Trip> {
  const server = await startPostgres();
  try {
    return await roundTrip({ texts, env: { SHOUWANG_DATABASE_URL: server.url }, pages: 0, every });
  } finally {
    await server.stop();
  }
}

/** In another order each time; a short run gives each engine a part of them, together all. */
function dealt(
  { seed, size }: FaultRun,
  postgres: boolean,
): { readonly sqlite: string[]; readonly postgres: string[] } {
  const it = dice(seed);
  const texts = nastyTexts
    .map((text) => ({ text, at: it.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ text }) => text);
  if (size === 'full' || !postgres) return { sqlite: texts, postgres: texts };
  const half = texts.length >> 1;
  return { sqlite: texts.slice(0, half), postgres: texts.slice(half) };
}

async function run(asked: FaultRun): Promise<Outcome> {
  const [noBrowser, noPostgres] = [chromiumAvailable(), postgresAvailable()];
  const texts = dealt(asked, noPostgres === null);
  const every = asked.size === 'full';
  const pages = noBrowser ? 0 : (asked.count ?? PAGES[asked.size]);
  if (!noBrowser) execFileSync(process.execPath, [BUILD], { stdio: 'ignore' });
  const sqlite = await roundTrip({ texts: texts.sqlite, env: {}, pages, every });
  asked.say(`${sqlite.compared} texts came back over SQLite`);
  const postgres = noPostgres ? null : await onPostgres(texts.postgres, every);
  const trips = [sqlite, ...(postgres ? [postgres] : [])];
  const missing = [noBrowser, noPostgres].filter((reason) => reason !== null);
  return {
    load: { engines: postgres ? 'SQLite, PostgreSQL' : 'SQLite', pages },
    faults: { texts: nastyTexts.length },
    counts: {
      compared: trips.reduce((sum, { compared }) => sum + compared, 0),
      sinks: sqlite.sinks,
      frames: trips.reduce((sum, { frames }) => sum + frames, 0),
      executed: sqlite.executed.length,
    },
    broken: trips.flatMap(({ executed, differing, errors, exit, frames }) => [
      ...differing.slice(0, 10),
      ...executed.slice(0, 10).map((where) => `something was executed: ${where}`),
      ...errors.slice(0, 10),
      ...brokenOf([exit === 0, `the process ended with ${exit}`], [frames > 0, 'no frame came to a console']),
    ]),
    ...(missing.length > 0 && { notShown: missing }),
  };
}

export const injection: Fault = {
  name: 'injection',
  happens: 'every name, note, topic and payload is a text that some database, terminal, table or browser might obey',
  bar: 'each text comes back as it was from every place it goes to, makes no new series and no new line, and nothing is executed',
  unavailable: playable,
  run,
};
