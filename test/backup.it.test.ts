import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../domain/finding.ts';
import { ROOT_AREA } from '../domain/household.ts';
import { hours } from '../domain/time.ts';
import { registerHomes, streamOf } from '../ingest/town.test-kit.ts';
import { takeBackup } from '../store/backup.ts';
import { openStoreHere } from '../store/open.ts';
import { restoreBackup } from '../store/restore.ts';
import { engines, temporaryFolder } from './memory.ts';

const NOW = Date.UTC(2026, 5, 1, 12);
const everything = {
  scope: { areaId: ROOT_AREA, householdId: null },
  state: 'unclosed' as const,
  userId: '',
  limit: 500,
};

const pressed = (householdId: string, hubId: string, at: number): Finding => ({
  ...{ householdId, category: 'sos', about: { hubId, device: 'button' }, rule: 'sos', occurrenceKey: `press ${at}` },
  ...{ at, delayMs: 0, sentence: { zh: '求助', en: 'Help' }, evidence: { readings: [], numbers: {} } },
});

describe.each(engines)('a backup of $name', (engine) => {
  if (engine.unavailable) return test.skip(engine.unavailable);
  let started: Awaited<ReturnType<typeof engine.start>>;
  const folder = temporaryFolder();
  let moment = NOW;
  beforeAll(async () => {
    started = await engine.start();
  });
  afterAll(async () => {
    folder.remove();
    await started.stop();
  });

  const dataOf = (url: string, name: string): string =>
    engine.name === 'SQLite' ? join(url, '..') : join(folder.path, name);
  const take = (databaseUrl: string, dataDir: string, keep: number | null = null) =>
    takeBackup({
      ...{ databaseUrl, dataDir, keep, into: join(folder.path, 'backups') },
      now: () => (moment += 1_000),
      ...{ program: '0.0.0', host: 'here', environment: process.env },
    });
  const restore = (backup: string, databaseUrl: string, dataDir: string) =>
    restoreBackup({ backup, databaseUrl, dataDir, now: () => NOW + hours(1), environment: process.env });

  async function systemWithAnAlert(name: string) {
    const url = await started.database();
    const memory = await openStoreHere(url);
    const dataDir = dataOf(url, name);
    mkdirSync(join(dataDir, 'tls'), { recursive: true });
    writeFileSync(join(dataDir, 'tls/site.pem'), 'key');
    writeFileSync(join(dataDir, 'instance'), 'abcd');
    const [home] = await registerHomes(memory.store, 1, NOW);
    await memory.store.raise({ findings: [pressed(home!.householdId, home!.hubId, NOW)], now: NOW });
    await streamOf(memory.store, 'a')([{ kind: 'beat', receivedAt: NOW, monotonicAt: 1 }]);
    await memory.store.keepCut({ consumer: 'influx', cut: { a: 1 } });
    const link = await memory.store.addFirstOwnerLink({ linkHash: 'hash', now: NOW });
    expect(link).toBeTruthy();
    return { url, dataDir, ...memory, ...home! };
  }

  test('is as the system was at one moment while it goes on being written, and comes back where nothing was', async () => {
    const system = await systemWithAnAlert('one');
    let beats = 1;
    const write = streamOf(system.store, 'b');
    let done = false;
    const writing = (async () => {
      while (!done) {
        await write([{ kind: 'beat', receivedAt: NOW + beats, monotonicAt: ++beats }]);
        await setImmediate();
      }
    })();
    const taken = await take(system.url, system.dataDir);
    done = true;
    await writing;
    expect(taken.holds).toMatchObject({ homes: 1, hubs: 1, unresolved: 1, users: 1 });
    expect(statSync(taken.folder).mode & 0o077).toBe(0);

    const url = await started.database();
    const dataDir = engine.name === 'SQLite' ? dataOf(url, 'two') : join(folder.path, 'two');
    await restore(taken.folder, url, dataDir);
    expect(readFileSync(join(dataDir, 'tls/site.pem'), 'utf8')).toBe('key');
    expect(existsSync(join(dataDir, 'instance')), 'it is another instance now').toBe(false);
    const restored = await openStoreHere(url);
    const { alerts } = await restored.store.queue({ ...everything, now: NOW });
    expect(alerts).toMatchObject([{ category: 'sos', householdId: system.householdId, state: 'open' }]);
    const heads = await restored.store.streamHeads(null);
    const cut = await restored.store.cutOf({ consumer: 'influx' });
    expect(cut).toEqual({ a: 1 });
    expect(heads.b ?? 0).toBeLessThanOrEqual(beats);
    expect(heads.a).toBe(1);
    // The link that was there has ended; a new one is made at the start.
    expect(await restored.store.addFirstOwnerLink({ linkHash: 'other', now: NOW })).toBeTruthy();
    await restored.close();
    await system.close();
  });

  test('an alert in hand, whose deadline is still far, is due at once', async () => {
    const system = await systemWithAnAlert('in hand');
    const [alert] = (await system.store.queue({ ...everything, now: NOW })).alerts;
    await system.store.act({
      alertId: alert!.id,
      seenVersion: alert!.version,
      action: { kind: 'take' },
      by: 'u',
      now: NOW + 1,
    });
    const taken = await take(system.url, system.dataDir);
    const url = await started.database();
    await restore(taken.folder, url, dataOf(url, 'in hand again'));
    const restored = await openStoreHere(url);
    expect((await restored.store.nextDue(null)) ?? 0).toBeLessThanOrEqual(NOW + hours(1));
    await restored.close();
    await system.close();
  });

  test('is never put over something, and never from what is damaged', async () => {
    const system = await systemWithAnAlert('there');
    await system.close();
    const taken = await take(system.url, system.dataDir);
    await expect(restore(taken.folder, system.url, system.dataDir)).rejects.toThrow(/not empty/);
    if (engine.name === 'PostgreSQL')
      await expect(restore(taken.folder, system.url, join(folder.path, 'new'))).rejects.toThrow(/not empty/);
    await expect(restore(folder.path, system.url, join(folder.path, 'new'))).rejects.toThrow(/no whole backup/);

    const [database] = readdirSync(taken.folder).filter((name) => name.startsWith('shouwang.'));
    const bytes = readFileSync(join(taken.folder, database!));
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(join(taken.folder, database!), bytes);
    const url = await started.database();
    const dataDir = dataOf(url, 'damaged');
    await expect(restore(taken.folder, url, dataDir)).rejects.toThrow(/is not what was written/);
    expect(existsSync(dataDir) ? readdirSync(dataDir) : [], 'the next attempt finds it empty').toEqual([]);
  });

  test('keeps as many as asked for, and leaves no draft behind', async () => {
    const system = await systemWithAnAlert('rotated');
    await system.close();
    const into = join(folder.path, 'backups');
    mkdirSync(join(into, 'shouwang-2020-01-01T000000Z.unfinished'), { recursive: true });
    const made = [];
    for (let n = 0; n < 3; n++) made.push((await take(system.url, system.dataDir, 2)).folder);
    expect(
      readdirSync(into)
        .filter((name) => !name.startsWith('.'))
        .map((name) => join(into, name)),
    ).toEqual(made.slice(1));
    await expect(take(system.url, into)).rejects.toThrow(/within the data folder/);
  });
});

test('what is not there is not backed up, and said', async () => {
  const folder = temporaryFolder();
  const options = {
    databaseUrl: join(folder.path, 'data/shouwang.db'),
    dataDir: join(folder.path, 'data'),
    into: join(folder.path, 'b'),
  };
  const taking = takeBackup({ ...options, keep: null, now: Date.now, program: '', host: '', environment: {} });
  await expect(taking).rejects.toThrow(/There is no database at/);
  folder.remove();
});
