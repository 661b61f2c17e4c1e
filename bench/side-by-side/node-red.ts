import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../test/free-port.ts';
import { temporaryFolder } from '../../test/memory.ts';
import { until } from '../../test/system.ts';
import { flowOver } from './flow.ts';

const NODE_RED = 'node-red@5.0.7';
/** Beside the project, not in it: 280 packages for one comparison. */
const ASIDE = fileURLToPath(new URL('../../node_modules/.cache/side-by-side', import.meta.url));
const MOSQUITTO = '/usr/sbin/mosquitto';

export const mosquittoUnavailable = (): string | null =>
  existsSync(MOSQUITTO) ? null : 'Mosquitto is not installed (Debian: apt-get install mosquitto)';

export type NodeRed = {
  readonly mqttPort: number;
  readonly httpUrl: string;
  readonly heard: () => Promise<number>;
  readonly end: () => Promise<void>;
};

function install(): string {
  const script = join(ASIDE, 'node_modules/node-red/red.js');
  if (existsSync(script)) return script;
  mkdirSync(ASIDE, { recursive: true });
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', ASIDE, NODE_RED], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return script;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}

/** What a user would build instead: Mosquitto as it comes, and a flow in Node-RED. */
export async function startNodeRed(): Promise<NodeRed> {
  const script = install();
  const folder = temporaryFolder();
  const [mqttPort, httpPort] = [await freePort(), await freePort()];
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder.path, name), text);
    return join(folder.path, name);
  };
  const broker = file(
    'mosquitto.conf',
    // Its own limit of 1,000 queued messages would only lose what the flow is too slow for.
    `listener ${mqttPort} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\nuser root\n`,
  );
  file('flows.json', JSON.stringify(flowOver(mqttPort)));
  const settings = file(
    'settings.js',
    `module.exports = { flowFile: 'flows.json', credentialSecret: false, httpAdminRoot: false, uiHost: '127.0.0.1', uiPort: ${httpPort}, logging: { console: { level: 'error' } } };`,
  );
  const mosquitto = spawn(MOSQUITTO, ['-c', broker], { stdio: 'ignore' });
  const nodeRed = spawn(process.execPath, [script, '-u', folder.path, '-s', settings], { stdio: 'ignore' });
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  const heard = async () => ((await (await fetch(`${httpUrl}/heard`)).json()) as { heard: number }).heard;
  await until(
    'the flow to run',
    () =>
      heard().then(
        () => true,
        () => false,
      ),
    60_000,
  );
  return {
    mqttPort,
    httpUrl,
    heard,
    async end() {
      await Promise.all([ended(nodeRed), ended(mosquitto)]);
      folder.remove();
    },
  };
}
