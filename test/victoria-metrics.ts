import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './free-port.ts';
import { temporaryFolder } from './memory.ts';
import { until } from './system.ts';

const PROGRAM = 'victoria-metrics';

export const victoriaMetricsAvailable = (): string | null =>
  spawnSync(PROGRAM, ['--version']).error
    ? 'VictoriaMetrics is not installed (Debian: apt-get install victoria-metrics)'
    : null;

/** Somebody else's time-series database that takes what InfluxDB 2 takes. */
export type VictoriaMetrics = {
  readonly url: string;
  /** Ends it in order, which keeps what it has taken: unlike ours its answer does not mean that it is on disk. */
  readonly goDown: () => Promise<void>;
  readonly comeUp: () => Promise<void>;
  /** Every sample it has, a line `kind hub device ms` each, copies included. */
  readonly samples: () => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
};

type Exported = {
  readonly metric: { readonly __name__: string; readonly hub: string; readonly device: string };
  readonly timestamps: readonly number[];
};

export async function startVictoriaMetrics(): Promise<VictoriaMetrics> {
  const folder = temporaryFolder();
  const url = `http://127.0.0.1:${await freePort()}`;
  const args = [`-storageDataPath=${folder.path}`, `-httpListenAddr=${url.slice('http://'.length)}`];
  const start = () => spawn(PROGRAM, [...args, '-memory.allowedPercent=5', '-loggerLevel=ERROR'], { stdio: 'ignore' });
  let server = start();
  const abandon = () => server.kill('SIGKILL');
  process.once('exit', abandon);
  const answers = () =>
    until('VictoriaMetrics to answer', () =>
      fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
  await answers();

  async function goDown(): Promise<void> {
    server.kill('SIGINT');
    await once(server, 'exit');
  }
  return {
    url,
    goDown,
    async comeUp() {
      server = start();
      await answers();
    },
    async samples() {
      await fetch(`${url}/internal/force_flush`);
      const asked = new URLSearchParams({ 'match[]': '{__name__!=""}', start: '1970-01-01T00:00:00Z' });
      const exported = await (await fetch(`${url}/api/v1/export?${asked}`)).text();
      return exported
        .split('\n')
        .filter(Boolean)
        .flatMap((line) => {
          const { metric, timestamps } = JSON.parse(line) as Exported;
          const series = `${metric.__name__.replace(/_value$/, '')} ${metric.hub} ${metric.device}`;
          return timestamps.map((ms) => `${series} ${ms}`);
        });
    },
    async stop() {
      process.off('exit', abandon);
      await goDown();
      folder.remove();
    },
  };
}
