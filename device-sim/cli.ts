import { randomInt } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { localTime, minutes, seconds } from '../domain/time.ts';
import { Complaint, logIn, register, type Session } from './api.ts';
import { checkLedger } from './check.ts';
import { demoArea } from './demo-area.ts';
import { DEMO_FOLDER, runningDemo } from './demo-folder.ts';
import { homeOf, ZONE } from './home.ts';
import { hubLine, readHubs } from './hubs-csv.ts';
import { batchedLedger, fileLedger, noLedger } from './ledger.ts';
import { runLoad } from './load.ts';
import { play } from './play.ts';
import { credentialOf, freshPrefix, hubLineOf, settleTown } from './provision.ts';
import { registrationOf } from './registration.ts';
import { registerRecorded, startReplay } from './replay.ts';
import { isScenario, type Scenario, scenarios } from './scenarios.ts';
import { SimHub } from './sim-hub.ts';
import { speechOf, startTown } from './town.ts';

const usage = `npm run sim -- COMMAND [options]

  town       a living town                      --homes 40  --speed 1  --seed WORD  --trouble 90 (seconds between two scenarios; 0: none)
  scenario   one of: ${Object.keys(scenarios).join(', ')}
                                                --file hubs.csv --home CLIENTID (instead of a home registered for it)  --stay
  load       QoS 1 messages, counted and timed  --homes 1000 | --file hubs.csv   --rate 0 (a second; 0: all it can)  --seconds 10
                                                --window 8  --critical-per-mille 0  --reconnect
                                                --connects 2000 (a second; 0: all at once)  --kept 0 (messages that each brings along)
  check      a ledger against the database      --ledger FILE  --database data/shouwang.db | postgres://…
  replay     the four recorded homes
  provision  homes and hubs for a load          --homes 1000  --out hubs.csv

  everywhere --url http://127.0.0.1:8080   --mqtt mqtt://127.0.0.1:1883   --ledger FILE (what was said and acknowledged)
             --link LINK (a one-time log-in link of an owner)   --session COOKIE (as printed after a --link)
             While "npm run demo" runs, its addresses and its session are used when none are given.`;

const options = {
  url: { type: 'string' },
  mqtt: { type: 'string' },
  link: { type: 'string' },
  session: { type: 'string' },
  homes: { type: 'string' },
  speed: { type: 'string', default: '1' },
  seed: { type: 'string', default: 'town' },
  trouble: { type: 'string', default: '90' },
  rate: { type: 'string', default: '0' },
  seconds: { type: 'string', default: '10' },
  window: { type: 'string', default: '8' },
  'critical-per-mille': { type: 'string', default: '0' },
  reconnect: { type: 'boolean', default: false },
  connects: { type: 'string', default: '2000' },
  kept: { type: 'string', default: '0' },
  file: { type: 'string' },
  home: { type: 'string' },
  out: { type: 'string', default: 'hubs.csv' },
  ledger: { type: 'string' },
  database: { type: 'string', default: 'data/shouwang.db' },
  stay: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function readArguments() {
  try {
    return parseArgs({ options, allowPositionals: true, strict: true });
  } catch (cause) {
    throw new Complaint(`${cause instanceof Error ? cause.message : cause}\n\n${usage}`, { cause });
  }
}
/** Where the system is: as said, or where a demo runs, or where Shouwang listens by itself. */
function place<T extends { url?: string | undefined; mqtt?: string | undefined }>(values: T) {
  const demo = runningDemo(DEMO_FOLDER);
  return {
    ...values,
    url: values.url ?? demo?.url ?? 'http://127.0.0.1:8080',
    mqtt: values.mqtt ?? demo?.mqtt ?? 'mqtt://127.0.0.1:1883',
  };
}
type Values = ReturnType<typeof place<ReturnType<typeof readArguments>['values']>>;

function numeric(name: string, value: string, low: number): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number < low)
    throw new Complaint(`--${name} is "${value}": expected a number from ${low}`);
  return number;
}
const tell = (words: string) => console.error(`${new Date().toLocaleTimeString('sv-SE')}  ${words}`);
const ledgerOf = ({ ledger }: Values) => (ledger === undefined ? noLedger : fileLedger(ledger));

async function sessionOf({ url, link, session }: Values): Promise<Session> {
  if (session !== undefined) return { url, cookie: session };
  if (link !== undefined) {
    const own = await logIn(url, link);
    console.error(`logged in; the link is used up. For the next command: --session '${own.cookie}'`);
    return own;
  }
  const demo = runningDemo(DEMO_FOLDER);
  if (demo?.url === url) return { url, cookie: demo.cookie };
  throw new Complaint(
    'who registers the homes? Give --link with the one-time link that the server printed at its first start, or --session',
  );
}

/** Ends on Ctrl-C, or when the terminal goes. */
function interrupted(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => ending.abort());
  return ending.signal;
}
const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

async function town(values: Values): Promise<void> {
  const signal = interrupted();
  const count = numeric('homes', values.homes ?? '40', 1);
  const speed = numeric('speed', values.speed, 0.001);
  const troubleEveryMs = seconds(numeric('trouble', values.trouble, 0));
  const session = await sessionOf(values);
  const { stations } = await demoArea(session);
  const places = stations.map(({ id }) => id);
  const homes = await settleTown(session, places, count, { seed: values.seed, prefix: freshPrefix('town') });
  const stop = startTown(homes, {
    mqtt: values.mqtt,
    ledger: ledgerOf(values),
    seed: values.seed,
    speed,
    troubleEveryMs,
    tell,
  });
  tell(`${homes.length} homes live; Ctrl-C ends them`);
  await untilAborted(signal);
  await stop();
}

async function scenario(values: Values, name: string | undefined): Promise<void> {
  if (name === undefined || !isScenario(name))
    throw new Complaint(
      `scenario ${name ?? '(none named)'} is not known. There are ${Object.keys(scenarios).join(', ')}`,
    );
  const chosen: Scenario = scenarios[name];
  const signal = interrupted();
  const ledger = ledgerOf(values);
  const number = randomInt(1_000, 100_000);
  const made = homeOf(number, { seed: values.seed, prefix: freshPrefix('scenario'), ecosystem: 'shouwang' });
  let home = made;
  let credential: { clientId: string; username: string; password: string } | undefined;
  if (values.file !== undefined) {
    const hubs = readHubs(values.file);
    credential = values.home === undefined ? hubs[0] : hubs.find(({ clientId }) => clientId === values.home);
    if (!credential) throw new Complaint(`${values.file} has no hub ${values.home ?? 'at all'}`);
    home = { ...made, name: credential.clientId, clientId: credential.clientId };
  } else {
    const session = await sessionOf(values);
    const { stations } = await demoArea(session);
    const settings = chosen.settings?.(localTime(Date.now(), ZONE).minuteOfDay);
    const [given] = await register(session, [registrationOf(made, stations[0].id, settings)]);
    if (!given) throw new Complaint('the server registered nothing');
    credential = credentialOf(given);
  }
  tell(`${chosen.title.zh} · ${chosen.title.en}, in ${home.name} (${home.clientId})`);
  tell(`expect: ${chosen.expect}`);
  const hub = new SimHub({
    url: values.mqtt,
    credential,
    speech: speechOf(home),
    ledger,
    onTrouble: (e) => tell(e.message),
  });
  await play(chosen, home, hub, tell, signal).catch((cause: unknown) => {
    if (!signal.aborted) throw cause;
  });
  tell(
    values.stay
      ? 'all acknowledged; the home stays connected until Ctrl-C'
      : 'all acknowledged; the home goes silent now (after 3 min its hub counts as lost)',
  );
  for (; values.stay && !signal.aborted; await pause(minutes(1), undefined, { signal }).catch(() => {}))
    hub.says([{ kind: 'heartbeat', device: '', value: true }], Date.now());
  await hub.stop();
}

async function load(values: Values): Promise<void> {
  const signal = interrupted();
  const hubs = values.file === undefined ? await provisioned(values) : readHubs(values.file);
  const count = values.homes === undefined ? hubs.length : numeric('homes', values.homes, 1);
  if (count > hubs.length) throw new Complaint(`--homes ${count}, but ${values.file} has only ${hubs.length} hubs`);
  const { protocol, hostname, port } = new URL(values.mqtt);
  const overTls = protocol === 'mqtts:';
  const ledger = values.ledger === undefined ? null : batchedLedger(values.ledger);
  const result = await runLoad({
    host: hostname,
    port: Number(port || (overTls ? 8883 : 1883)),
    // A load is there to be a burden; whom it speaks to it is told by whoever starts it.
    ...(overTls && { tls: { rejectUnauthorized: false } }),
    connectsPerSecond: numeric('connects', values.connects, 0) || Number.POSITIVE_INFINITY,
    kept: numeric('kept', values.kept, 0),
    hubs: hubs.slice(0, count),
    rate: numeric('rate', values.rate, 0),
    seconds: numeric('seconds', values.seconds, 0.1),
    window: numeric('window', values.window, 1),
    criticalPerMille: numeric('critical-per-mille', values['critical-per-mille'], 0),
    reconnect: values.reconnect,
    signal,
    ...(ledger && {
      onSend({ clientId: hub }, boot, seq, critical) {
        ledger.write({
          is: 'invoke',
          id: `${hub}/${boot}/${seq}`,
          hub,
          critical: critical ? 'sos' : null,
          at: Date.now(),
        });
      },
      onAck({ clientId: hub }, boot, seq) {
        const id = `${hub}/${boot}/${seq}`;
        ledger.write({ is: 'acked', id, proof: [id] });
      },
    }),
  });
  ledger?.close();
  console.log(JSON.stringify(result));
  if (result.dead > 0) process.exitCode = 1;
}

async function provisioned(values: Values) {
  const count = numeric('homes', values.homes ?? '1000', 1);
  const session = await sessionOf(values);
  const { stations } = await demoArea(session);
  const homes = await settleTown(
    session,
    stations.map(({ id }) => id),
    count,
    { seed: values.seed, prefix: freshPrefix('load'), ecosystem: 'shouwang' },
  );
  return homes.map(({ credential }) => hubLineOf(credential));
}

async function provision(values: Values): Promise<void> {
  const hubs = await provisioned(values);
  writeFileSync(values.out, hubs.map(hubLine).join(''), { mode: 0o600 });
  tell(`${hubs.length} hubs in ${values.out}: it holds their keys, shown only this once`);
}

async function replay(values: Values): Promise<void> {
  const signal = interrupted();
  const session = await sessionOf(values);
  const { stations } = await demoArea(session);
  const guests = await registerRecorded(session, stations[0].id, freshPrefix('replay'));
  const stop = startReplay(guests, { mqtt: values.mqtt, ledger: ledgerOf(values), tell });
  await untilAborted(signal);
  await stop();
}

async function check(values: Values): Promise<void> {
  if (values.ledger === undefined) throw new Complaint('check which ledger? Give --ledger FILE');
  if (!existsSync(values.ledger)) throw new Complaint(`there is no ledger ${values.ledger}`);
  const verdict = await checkLedger(values.database, values.ledger);
  console.log(JSON.stringify(verdict));
  if (!verdict.kept) process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values, positionals } = readArguments();
  const [command, name] = positionals;
  const commands = { town, scenario, load, check, replay, provision };
  if (values.help || command === undefined) {
    console.log(usage);
    return;
  }
  if (!Object.hasOwn(commands, command)) throw new Complaint(`there is no command "${command}"\n\n${usage}`);
  await commands[command as keyof typeof commands](place(values), name);
}

main().catch((cause: unknown) => {
  if (!(cause instanceof Complaint)) throw cause;
  console.error(cause.message);
  process.exitCode = 2;
});
