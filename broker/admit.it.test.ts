import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Catalogue } from '../domain/reading.ts';
import { silentLog } from '../runtime/log.ts';
import { type Nudge, openNudge } from '../runtime/nudge.ts';
import type { AdmittedHub } from '../store/hub.ts';
import { type OpenStore, openStoreHere } from '../store/open.ts';
import { type Admittance, startAdmittance } from './admit.ts';
import { registered } from './doors/standing-door.ts';

let folder: string;
let open: OpenStore;
let nudge: Nudge;
let admittance: Admittance;
let keys: Awaited<ReturnType<typeof registered>>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shouwang-admit-'));
  open = await openStoreHere(join(folder, 'admit.db'));
  keys = await registered(open.store, ['hub-a', 'hub-b']);
  nudge = openNudge(folder);
  admittance = await startAdmittance({ store: open.store, log: silentLog, nudge });
});
afterEach(async () => {
  await admittance.stop();
  nudge.close();
  await open.close();
  rmSync(folder, { recursive: true, force: true });
});

const attempt = (clientId: string, password = keys.get(clientId)?.key ?? '') =>
  admittance.admit({ clientId, username: clientId, password: Buffer.from(password), address: '127.0.0.1' });
const admitted = (clientId: string): AdmittedHub => {
  const admission = attempt(clientId);
  if (admission.kind !== 'admitted') throw new Error(admission.reason);
  return admission.hub;
};

test('more hubs than one page holds are all known at the start', async () => {
  const many = Array.from({ length: 5_100 }, (_, n) => `many-${n}`);
  keys = await registered(open.store, many);
  const fresh = await startAdmittance({ store: open.store, log: silentLog, nudge });
  const [first, last] = ['many-0', 'many-5099'].map((clientId) =>
    fresh.admit({ clientId, username: clientId, password: Buffer.from(keys.get(clientId)!.key), address: '' }),
  );
  await fresh.stop();
  expect([first?.kind, last?.kind]).toEqual(['admitted', 'admitted']);
});

test('a hub that is registered later is let in within a second, without a nudge', async () => {
  keys = await registered(open.store, ['hub-new']);
  await vi.waitUntil(() => attempt('hub-new').kind === 'admitted', { timeout: 1_000, interval: 20 });
});

test('a nudge makes it sooner', async () => {
  keys = await registered(open.store, ['hub-new']);
  const from = performance.now();
  nudge.send('registry');
  await vi.waitUntil(() => attempt('hub-new').kind === 'admitted', { timeout: 400, interval: 5 });
  expect(performance.now() - from).toBeLessThan(400);
});

test('a hub stays the same object when it changes, keeps the catalogue it told us, and its change is told', async () => {
  const hub = admitted('hub-a');
  const catalogue: Catalogue = {};
  (hub as { catalogue: Catalogue | null }).catalogue = catalogue;
  const changes: AdmittedHub[] = [];
  admittance.onChange((changed) => changes.push(changed));
  await open.store.changeHousehold({ id: hub.householdId, change: { mode: 'paused' } });
  nudge.send('registry');
  await vi.waitUntil(() => changes.length > 0);
  expect(changes[0]).toBe(hub);
  expect(hub.mode).toBe('paused');
  expect(hub.catalogue).toBe(catalogue);
  expect(admitted('hub-a')).toBe(hub);
});

test('with two keys either opens; the revoked one does no more', async () => {
  const first = keys.get('hub-a')!;
  const second = await open.store.addHubKey({ hubId: first.hubId, now: Date.now() + 1 });
  nudge.send('registry');
  await vi.waitUntil(() => attempt('hub-a', second!.key).kind === 'admitted');
  expect(attempt('hub-a').kind).toBe('admitted');
  await open.store.revokeOldestKey({ hubId: first.hubId });
  nudge.send('registry');
  await vi.waitUntil(() => attempt('hub-a').kind === 'refused');
  expect(attempt('hub-a', second!.key).kind).toBe('admitted');
});
