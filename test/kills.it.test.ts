import { expect, test } from 'vitest';
import type { HubLine } from '../device-sim/hubs-csv.ts';
import { runLoad } from '../device-sim/load.ts';
import { ROOT_AREA } from '../domain/household.ts';
import { openStoreToRead } from '../store/open.ts';
import { segmentEntries } from '../store/segment.ts';
import { temporaryFolder } from './memory.ts';
import { logIn, registerHomes } from './person.ts';
import { startSystem, until } from './system.ts';

const KILLS = 10;
const HOMES = 40;

/** Everything in the journal, by hub, boot and sequence number. */
async function journalled(database: string): Promise<Set<string>> {
  const { store, close } = openStoreToRead(database);
  const found = new Set<string>();
  for (const [stream, head] of Object.entries(await store.streamHeads(null))) {
    for (let after = 0; after < head; ) {
      for (const { first, count, bytes } of await store.segmentsAfter({ stream, after, limit: 200 })) {
        after = first + count - 1;
        for (const entry of segmentEntries(bytes)) {
          if (entry.kind !== 'packet') continue;
          const { boot, seq } = JSON.parse(Buffer.from(entry.payload).toString());
          found.add(`${entry.topic.split('/')[1]} ${boot} ${seq}`);
        }
      }
    }
  }
  await close();
  return found;
}

test(`${KILLS} kills under load: nothing acknowledged is lost, no alert is doubled, and it accepts again within 5 s`, async () => {
  const folder = temporaryFolder();
  const acked = new Map<string, { hub: string; critical: boolean }>();
  let system = await startSystem({ dataDir: folder.path });
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const { homes } = await registerHomes(owner, HOMES);
  const hubs: HubLine[] = homes.map(({ clientId, username, key }) => ({
    clientId,
    username,
    password: key,
    topic: `sw/${clientId}/up`,
  }));
  const port = system.mqttPort;

  const slowest = { acceptingMs: 0 };
  const ended = new AbortController();
  const load = runLoad({
    host: '127.0.0.1',
    port,
    hubs,
    rate: 1_500,
    seconds: 300,
    criticalPerMille: 10,
    reconnect: true,
    signal: ended.signal,
    drainMs: 30_000,
    onAck: ({ clientId }, boot, seq, critical) => acked.set(`${clientId} ${boot} ${seq}`, { hub: clientId, critical }),
  });
  for (let kill = 0; kill < KILLS; kill++) {
    const before = acked.size;
    await until('acknowledgements', () => acked.size > before + 800, 30_000);
    await system.kill('SIGKILL');
    system = await startSystem({ dataDir: folder.path, env: { SHOUWANG_MQTT_PORT: String(port) } });
    slowest.acceptingMs = Math.max(slowest.acceptingMs, system.acceptingMs);
  }
  ended.abort();
  const { unacked } = await load;
  expect(unacked).toBe(0);
  expect(await system.stop()).toBe(0);

  const inJournal = await journalled(`${folder.path}/shouwang.db`);
  const lost = [...acked.keys()].filter((key) => !inJournal.has(key));
  expect(lost).toEqual([]);

  const { store, close } = openStoreToRead(`${folder.path}/shouwang.db`);
  const pressed = new Set([...acked.values()].filter(({ critical }) => critical).map(({ hub }) => hub));
  const { alerts } = await store.queue({
    scope: { areaId: ROOT_AREA, householdId: null },
    state: 'unclosed',
    userId: '',
    limit: 500,
    now: Date.now(),
  });
  const sosOf = Map.groupBy(
    alerts.filter(({ category }) => category === 'sos'),
    ({ householdId }) => householdId,
  );
  expect(sosOf.size).toBe(pressed.size);
  expect([...sosOf.values()].filter((of) => of.length !== 1)).toEqual([]);
  await close();
  expect(acked.size).toBeGreaterThan(KILLS * 800);
  expect(slowest.acceptingMs).toBeLessThan(5_000);
  folder.remove();
}, 300_000);
