import { afterEach, expect, test } from 'vitest';
import { openMetrics } from './metrics.ts';
import { startMetricsDoor } from './metrics-door.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

test('a figure that cannot be read is an answer of 500, and no end of the process', async () => {
  const metrics = openMetrics();
  metrics.gauge('shouwang_gone', 'of a disk that is gone', () => {
    throw new Error('ENOENT');
  });
  const { url, stop } = await startMetricsDoor({ host: '127.0.0.1', port: 0, metrics });
  ends.push(stop);
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  expect([response.status, await response.text()]).toEqual([500, '']);
});
