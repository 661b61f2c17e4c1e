import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBeat } from './alerts/beat.ts';
import { startFigures } from './alerts/figures.ts';
import { startAlerts } from './alerts/start.ts';
import { startAdmittance } from './broker/admit.ts';
import { startMqttDoor } from './broker/doors/mqtt.ts';
import { startDownLink } from './broker/down-link.ts';
import { startIntake } from './broker/intake.ts';
import { startMovedHubs } from './broker/moved-hubs.ts';
import { arrivals } from './ingest/arrival.ts';
import { inPlainWords } from './ingest/plain-words.ts';
import { startRetention } from './ingest/retention.ts';
import { startIngest } from './ingest/start.ts';
import { startSeriesExport } from './ingest/start-series-export.ts';
import { roomToStart, startBallast } from './runtime/ballast.ts';
import { siteCertificate } from './runtime/certificate.ts';
import { systemClock } from './runtime/clock.ts';
import { type Config, ConfigError, readConfig } from './runtime/config.ts';
import { measureDisk } from './runtime/disk.ts';
import { instanceOf } from './runtime/instance.ts';
import { lifecycle, type Stop } from './runtime/lifecycle.ts';
import { type Log, openLog } from './runtime/log.ts';
import { openMetrics } from './runtime/metrics.ts';
import { startMetricsDoor } from './runtime/metrics-door.ts';
import { openNudge } from './runtime/nudge.ts';
import { tryLock } from './store/lock.ts';
import { openNotify } from './store/notify.ts';
import { openStore } from './store/open.ts';
import { Unfit } from './store/postgres.ts';

const ROLES = ['broker', 'ingest', 'alerts', 'web', 'auditor'] as const;
type Role = (typeof ROLES)[number];

/** What each role asks of PostgreSQL at a time, at most; the thread of ingest and the intake have connections of their own. */
const CONNECTIONS: Record<Role, number> = { broker: 4, ingest: 4, alerts: 4, web: 10, auditor: 1 };

const SCREENS = fileURLToPath(new URL('./web/app/dist', import.meta.url));
const AUDITOR = fileURLToPath(new URL('./alerts/auditor-process.ts', import.meta.url));
const AUDITOR_RESTART_MS = 2_000;

function rolesOf(args: readonly string[]): readonly Role[] {
  const unknown = args.filter((arg) => !ROLES.some((role) => role === arg));
  if (unknown.length > 0)
    throw new ConfigError(
      `${unknown.join(', ')}: no such role; those are ${ROLES.join(', ')}, and without any all of them start`,
    );
  return args.length === 0 ? ROLES : ROLES.filter((role) => args.includes(role));
}

/** One process a role and data folder: two that both believed to be the one would each do half. */
function lockRole(config: Config, role: Role): () => void {
  const folder = join(config.SHOUWANG_DATA_DIR, 'locks');
  mkdirSync(folder, { recursive: true });
  const release = tryLock(join(folder, role));
  if (!release) {
    throw new ConfigError(
      `Another Shouwang is already the ${role} of the data folder ${config.SHOUWANG_DATA_DIR}: stop that one, or set SHOUWANG_DATA_DIR to another folder`,
    );
  }
  return release;
}

/** The auditor shares nothing with us but the database: it must see when this process stands still. It is started again when it ends. */
function startAuditorProcess(log: Log): Stop {
  let stopping = false;
  let child: ChildProcess;
  const run = (): void => {
    if (stopping) return;
    child = spawn(process.execPath, [AUDITOR, String(process.pid)], { stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('exit', (code) => {
      if (stopping) return;
      log.error({ code }, 'the auditor ended; starting it again');
      setTimeout(run, AUDITOR_RESTART_MS).unref();
    });
  };
  run();
  return async () => {
    stopping = true;
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
  };
}

/** Lines for the person who started it; the log is on the other stream. */
const say = (name: string, value: string): void => void process.stdout.write(`${name.padEnd(20)}  ${value}\n`);

/** The wiring, in one line from what is set to what serves. Everything that starts here stops in reverse. */
async function start(config: Config, roles: readonly Role[]): Promise<void> {
  const has = (role: Role): boolean => roles.includes(role);
  const log = openLog(config.SHOUWANG_LOG_LEVEL, roles.length === ROLES.length ? 'all' : roles.join(' '));
  const ballast = { folder: config.SHOUWANG_DATA_DIR, megabytes: config.SHOUWANG_BALLAST_MB, log };
  await roomToStart(ballast);
  const clock = systemClock(config.SHOUWANG_DATA_DIR);
  const parts = lifecycle(log);
  const instance = `${hostname()} ${instanceOf(config.SHOUWANG_DATA_DIR)}`;
  const missing = new Set<Role>(roles);
  const mqtt = { port: config.SHOUWANG_MQTT_PORT, tlsPort: config.SHOUWANG_MQTTS_PORT };
  let publicUrl = config.SHOUWANG_PUBLIC_URL ?? `http://${config.SHOUWANG_HTTP_HOST}:${config.SHOUWANG_HTTP_PORT}`;

  const fatal = (err: Error): void => {
    log.fatal({ err }, 'nothing more can be promised; ending at once to start clean');
    process.exit(1);
  };
  process.on('uncaughtException', fatal);
  const end = (): void => void parts.stop().then(() => process.exit(0));
  process.once('SIGTERM', end);
  process.once('SIGINT', end);

  for (const role of roles) parts.add(`lock of ${role}`, lockRole(config, role));
  const connections = roles.reduce((sum, role) => sum + CONNECTIONS[role], 0);
  const { store, port, close } = await openStore(config.databaseUrl, { connections, warn: (words) => log.warn(words) });
  parts.add('store', close);
  const nudge = openNudge(config.databaseUrl);
  parts.add('nudge', nudge.close);
  const metrics = openMetrics();
  measureDisk(metrics, config.SHOUWANG_DATA_DIR);
  if (config.SHOUWANG_DATABASE_URL) {
    const received = metrics.counter('shouwang_nudges_received_total', 'Nudges from other processes', ['subject']);
    const arrived = nudge.bridge((subject) => notify.send(subject));
    const notify = openNotify(config.SHOUWANG_DATABASE_URL, (subject) => {
      received.inc({ subject });
      arrived(subject);
    });
    parts.add('nudges between processes', notify.stop);
  }
  const certificate = await siteCertificate(config, clock.now());

  if (has('broker')) {
    if (!config.SHOUWANG_DATABASE_URL) parts.add('ballast', startBallast(ballast));
    const admittance = await startAdmittance({ store, log, nudge });
    parts.add('admittance', admittance.stop);
    const frontEnd = `intake ${instance}`;
    const intake = await startIntake({
      store,
      clock,
      ...arrivals(await store.alarmStates(null)),
      inPlainWords,
      stream: frontEnd,
      metrics,
      log,
      nudge,
      fatal,
    });
    parts.add('intake', intake.stop);
    const door = await startMqttDoor({
      ...{ intake, admittance, clock, metrics, log },
      plain: { host: config.SHOUWANG_MQTT_HOST, port: config.SHOUWANG_MQTT_PORT },
      tls: { host: config.SHOUWANG_MQTTS_HOST, port: config.SHOUWANG_MQTTS_PORT, ...certificate },
      maxConnections: config.SHOUWANG_MAX_CONNECTIONS,
    });
    parts.add('door', door.stop);
    parts.add('down-link', startDownLink({ store, clock, log, nudge, frontEnd, send: door.send }));
    parts.add('moved hubs', startMovedHubs({ store, log, nudge, frontEnd, letGo: door.letGo }));
    mqtt.port = door.port ?? mqtt.port;
    mqtt.tlsPort = door.tlsPort ?? mqtt.tlsPort;
    missing.delete('broker');
    say('mqtt', `mqtt://${config.SHOUWANG_MQTT_HOST}:${door.port}`);
    say(
      'mqtts',
      `mqtts://${config.SHOUWANG_MQTTS_HOST}:${door.tlsPort}  certificate SHA-256 ${certificate.fingerprint}`,
    );
  }
  if (has('ingest')) {
    const thread = { url: config.databaseUrl, logLevel: config.SHOUWANG_LOG_LEVEL, fatal };
    // Where hubs connect to several processes, only the journal tells which of those are there.
    const intake = has('broker') && !config.SHOUWANG_DATABASE_URL ? 'here' : 'elsewhere';
    parts.add(
      'ingest',
      startIngest({ ...thread, port: port(), nudgeName: config.databaseUrl, owner: instance, intake, metrics }),
    );
    const journalDays = config.SHOUWANG_JOURNAL_DAYS;
    parts.add('retention', startRetention({ store, clock, log, metrics, journalDays }));
    if (config.SHOUWANG_INFLUX_URL) {
      const influx = {
        url: config.SHOUWANG_INFLUX_URL,
        token: config.SHOUWANG_INFLUX_TOKEN,
        org: config.SHOUWANG_INFLUX_ORG,
        bucket: config.SHOUWANG_INFLUX_BUCKET,
      };
      parts.add('series export', startSeriesExport({ ...thread, port: port(), owner: instance, influx, metrics }));
    }
    missing.delete('ingest');
  }
  if (has('web')) {
    // Loaded when the door for hubs is open already: they press buttons, screens can wait for another half second.
    const [{ buildServer }, { isLoopback, listen, secureServer }, { firstOwnerLink }] = await Promise.all([
      import('./web/server/server.ts'),
      import('./web/server/listen.ts'),
      import('./web/server/first-owner.ts'),
    ]);
    const secure = !isLoopback(config.SHOUWANG_HTTP_HOST);
    const app = await buildServer(
      {
        ...{ store, clock, nudge, log, metrics },
        screens: SCREENS,
        publicUrl: config.SHOUWANG_PUBLIC_URL ?? null,
        mqtt,
        unready: () => [...missing].map((role) => `${role} has not started`),
      },
      secure ? secureServer(certificate) : undefined,
    );
    const { url } = await listen(app, { host: config.SHOUWANG_HTTP_HOST, port: config.SHOUWANG_HTTP_PORT });
    parts.add('web', () => app.close());
    missing.delete('web');
    say('consoles', url);
    publicUrl = config.SHOUWANG_PUBLIC_URL ?? url;
    const link = await firstOwnerLink(store, publicUrl, clock.now());
    if (link) say('login link (owner)', link);
  }
  if (has('alerts')) {
    parts.add('alerts', startAlerts({ store, nudge, clock, log, metrics, instance, publicUrl }));
    parts.add('figures', startFigures({ store, clock, log, metrics }));
    missing.delete('alerts');
  }
  for (const role of roles.filter((role) => role !== 'auditor')) {
    parts.add(`beat of ${role}`, startBeat({ role, instance, clock, log }, store));
  }
  if (has('auditor')) {
    parts.add('auditor', startAuditorProcess(log));
    missing.delete('auditor');
  }
  if (config.SHOUWANG_METRICS_PORT !== undefined) {
    const { SHOUWANG_METRICS_HOST: host, SHOUWANG_METRICS_PORT: port } = config;
    const door = await startMetricsDoor({ host, port, metrics });
    parts.add('metrics', door.stop);
    say('metrics', door.url);
  }
  say('ready', `after ${Math.round(performance.now())} ms`);
}

try {
  await start(readConfig(), rolesOf(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof ConfigError) && !(error instanceof Unfit)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
