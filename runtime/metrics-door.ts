import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Stop } from './lifecycle.ts';
import type { Metrics } from './metrics.ts';

export type MetricsDoor = { readonly host: string; readonly port: number; readonly metrics: Pick<Metrics, 'text'> };

/**
 * A process's figures for Prometheus, without TLS and without asking who asks: counts and durations, nobody's data. For processes that
 * serve no screens, and for a Prometheus that is not on this machine.
 */
export async function startMetricsDoor({ host, port, metrics }: MetricsDoor): Promise<{ url: string; stop: Stop }> {
  const server = createServer(async ({ method, url }, response) => {
    if (method !== 'GET' || url !== '/metrics') return void response.writeHead(404).end();
    // A figure of a disk that is gone cannot be read, and nothing else ends for that.
    const text = await metrics.text().catch(() => null);
    if (text === null) return void response.writeHead(500).end();
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `http://${host}:${address.port}/metrics`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
