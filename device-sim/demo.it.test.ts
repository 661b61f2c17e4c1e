import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../test/memory.ts';
import { logIn } from '../test/person.ts';
import { until } from '../test/system.ts';

it('shows a living town with a way in for every role, and ends in order', async () => {
  const folder = temporaryFolder();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'demo.ts'), '--homes', '3', '--trouble', '2'], {
    env: {
      PATH: process.env.PATH,
      SHOUWANG_DATA_DIR: join(folder.path, 'demo'),
      SHOUWANG_HTTP_PORT: '0',
      SHOUWANG_MQTT_PORT: '0',
      SHOUWANG_MQTTS_PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const said = (what: string) => until(what, () => lines.find((line) => line.includes(what)), 60_000);

  await said('homes live');
  const links = lines.flatMap((line) => /http\S+#token=\S+/.exec(line) ?? []);
  expect(links).toHaveLength(7);
  const url = new URL(links[0] ?? '').origin;
  const roles = await Promise.all(
    links.map(async (link) => {
      const person = await logIn(url, link);
      return (await person.get<{ loggedIn: { role: string } }>('/session')).loggedIn.role;
    }),
  );
  expect(new Set(roles)).toEqual(new Set(['owner', 'supervisor', 'operator', 'hotline', 'installer', 'family']));
  for (const number of [1, 2, 3, 4]) await said(`录制家庭 ${number}: 60 天历史`);
  await said('演示家庭 00');

  child.kill('SIGINT');
  const [code] = await exited;
  expect(code).toBe(0);
  await expect(fetch(url)).rejects.toThrow();
  folder.remove();
}, 120_000);
