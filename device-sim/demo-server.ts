import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { seconds } from '../domain/time.ts';
import { Complaint } from './api.ts';

export type DemoServer = {
  readonly url: string;
  readonly mqtt: string;
  /** The one-time log-in link of the owner. */
  readonly link: string;
  /** When the server has ended, by itself or not. */
  readonly ended: Promise<void>;
  readonly stop: () => Promise<void>;
};

const READY_WITHIN_MS = seconds(60);
const STOP_WITHIN_MS = seconds(15);
const LINES_SHOWN = 15;
/** What main.ts says at its start, a name and its value a line. */
const MQTT = /^mqtt\s{2,}\S*:(\d+)/;
const LINK = /https?:\/\/\S+\/login#token=[\w-]+/;

/** Starts the system itself, embedded, on a folder; it listens on this machine alone unless the environment says otherwise. */
export async function startServer(folder: string, environment: NodeJS.ProcessEnv): Promise<DemoServer> {
  const env = {
    SHOUWANG_MQTTS_HOST: '127.0.0.1',
    ...environment,
    SHOUWANG_DATABASE_URL: '',
    SHOUWANG_DATA_DIR: folder,
  };
  // A process group of its own: Ctrl-C must end the town first and the server after it.
  const main = join(import.meta.dirname, '..', 'main.ts');
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);

  const log = createWriteStream(join(folder, 'server.log'), { mode: 0o600 });
  const lines: string[] = [];
  const link = Promise.withResolvers<string>();
  const mqttPort = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      const [found] = LINK.exec(line) ?? [];
      const [, port] = MQTT.exec(line) ?? [];
      if (found) link.resolve(found);
      if (port) mqttPort.resolve(port);
      log.write(`${line.replace(LINK, '(link)')}\n`);
      lines.push(line);
      if (lines.length > LINES_SHOWN) lines.shift();
    });
  const ended = once(child, 'exit').then(() => {
    process.off('exit', kill);
    log.end();
  });
  const failed = ended.then((): never => {
    throw new Complaint(`the server did not start:\n${lines.join('\n')}`);
  });

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await Promise.race([ended, pause(STOP_WITHIN_MS, undefined, { ref: false }).then(kill)]);
    await ended;
  }

  async function ready(): Promise<Pick<DemoServer, 'url' | 'mqtt' | 'link'>> {
    const [own, port] = await Promise.all([link.promise, mqttPort.promise]);
    const url = new URL(own).origin;
    while (
      !(await fetch(`${url}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      ))
    )
      await pause(100);
    return { url, mqtt: `mqtt://127.0.0.1:${port}`, link: own };
  }
  const late = pause(READY_WITHIN_MS, undefined, { ref: false }).then((): never => {
    throw new Complaint(`the server was not ready within 60 s:\n${lines.join('\n')}`);
  });
  try {
    return { ...(await Promise.race([ready(), failed, late])), ended, stop };
  } catch (cause) {
    await stop();
    throw cause;
  } finally {
    failed.catch(() => {});
    late.catch(() => {});
  }
}
