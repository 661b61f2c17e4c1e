import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../test/memory.ts';
import { logIn, type Person } from '../test/person.ts';
import { type System, startSystem, until } from '../test/system.ts';

const CLI = join(import.meta.dirname, 'cli.ts');

async function sim(...words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [CLI, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, out, err };
}

describe('the command line', () => {
  it('explains itself, and says what is wrong with what it was given', async () => {
    expect(await sim()).toMatchObject({ code: 0, out: expect.stringContaining('provision') });
    expect(await sim('dance')).toMatchObject({ code: 2, err: expect.stringContaining('no command "dance"') });
    expect(await sim('scenario', 'constructor')).toMatchObject({
      code: 2,
      err: expect.stringContaining('is not known'),
    });
    expect(await sim('town', '--homes', 'many')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--homes is "many"'),
    });
    expect(await sim('town', '--rooms', '3')).toMatchObject({ code: 2, err: expect.stringContaining('--rooms') });
    expect(await sim('check')).toMatchObject({ code: 2, err: expect.stringContaining('which ledger') });
  });

  it('says so when nothing answers', async () => {
    const gone = ['--url', 'http://127.0.0.1:1', '--link', `http://127.0.0.1:1/login#token=${'x'.repeat(43)}`];
    expect(await sim('replay', ...gone)).toMatchObject({ code: 2, err: expect.stringContaining('nothing answers') });
  });
});

describe('against a running system', () => {
  const folder = temporaryFolder();
  const file = (name: string) => join(folder.path, name);
  let system: System;
  let owner: Person;
  let where: string[];

  beforeAll(async () => {
    system = await startSystem({ dataDir: folder.path });
    owner = await logIn(system.httpUrl, system.ownerLink ?? '');
    where = ['--url', system.httpUrl, '--mqtt', `mqtt://127.0.0.1:${system.mqttPort}`, '--session', owner.cookie];
  });
  afterAll(async () => {
    await system.stop();
    folder.remove();
  });

  type Queued = { category: string; householdName: string; occurrences: number; delayMs: number };
  const queue = async () => (await owner.get<{ alerts: Queued[] }>('/alerts?state=unclosed&limit=500')).alerts;

  it('registers hubs, loads them, and finds everything kept that was acknowledged', async () => {
    const hubs = file('hubs.csv');
    expect(await sim('provision', ...where, '--homes', '12', '--out', hubs)).toMatchObject({ code: 0 });
    const ledger = file('load.jsonl');
    const load = ['--file', hubs, '--rate', '400', '--seconds', '2', '--critical-per-mille', '20', '--ledger', ledger];
    const loaded = await sim('load', ...where, ...load);
    expect(loaded.code).toBe(0);
    expect(JSON.parse(loaded.out)).toMatchObject({ connected: 12, unacked: 0, dead: 0 });
    const check = ['check', '--database', file('shouwang.db'), '--ledger', ledger];
    const kept = await sim(...check);
    expect(JSON.parse(kept.out)).toMatchObject({ lost: 0, unalerted: 0, doubled: 0, kept: true });
    expect(kept.code).toBe(0);

    const invented = { id: 'load/0/1', hub: 'load' };
    appendFileSync(ledger, `${JSON.stringify({ is: 'invoke', ...invented, critical: null, at: 0 })}\n`);
    appendFileSync(ledger, `${JSON.stringify({ is: 'acked', id: invented.id, proof: ['never said'] })}\n`);
    expect(await sim(...check)).toMatchObject({ code: 1, out: expect.stringContaining('lost load/0/1') });
  });

  it.concurrent.each([
    ['sos', 'sos', 1],
    ['fall-at-night', 'fall', 1],
    ['gas-leak', 'gas', 2],
    ['duplicates', 'sos', 2],
    ['wrong-clock', 'sos', 3],
    ['late-backlog', 'sos', 1],
    ['reordering', 'smoke', 1],
    ['deterioration', 'vitals', null],
    ['battery-dying', 'battery_low', null],
  ])('plays %s, which raises one %s', async (name, category, occurrences) => {
    const ledger = file(`${name}.jsonl`);
    const played = await sim('scenario', name, ...where, '--ledger', ledger);
    expect(played).toMatchObject({ code: 0, err: expect.stringContaining('expect:') });
    const home = /in (演示家庭 \d+) \(/.exec(played.err)?.[1];
    const raised = await until('the alert', async () =>
      (await queue()).find((alert) => alert.householdName === home && alert.category === category),
    );
    if (occurrences !== null) expect(raised.occurrences).toBe(occurrences);
    if (name === 'late-backlog') expect(raised.delayMs).toBeGreaterThan(85 * 60_000);
    const kept = await sim('check', '--database', file('shouwang.db'), '--ledger', ledger);
    expect(kept).toMatchObject({ code: 0, out: expect.stringContaining('"kept":true') });
  });

  it.concurrent('raises nothing by a self-test', async () => {
    const played = await sim('scenario', 'smoke-test', ...where);
    const home = /in (演示家庭 \d+) \(/.exec(played.err)?.[1];
    expect((await queue()).filter(({ householdName }) => householdName === home)).toEqual([]);
  });
});
