import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAdmittance } from '../broker/admit.ts';
import { startMqttDoor } from '../broker/doors/mqtt.ts';
import { nothingMeant } from '../broker/doors/standing-door.ts';
import { startIntake } from '../broker/intake.ts';
import { systemClock } from '../runtime/clock.ts';
import { openLog } from '../runtime/log.ts';
import { openMetrics } from '../runtime/metrics.ts';
import { openNudge } from '../runtime/nudge.ts';
import { type AdmittedHub, hashOfKey } from '../store/hub.ts';
import { openStore } from '../store/open.ts';
import { slotOf } from '../store/partition.ts';

/** The front door alone, over a real file: hubs `bench-1` … `bench-N` with the password `key`. Prints its port; ends on SIGTERM. */
const folder = process.argv[3] ?? mkdtempSync(join(tmpdir(), 'shouwang-bench-'));
const hubs = Array.from({ length: Number(process.argv[2] ?? 500) }, (_, i): AdmittedHub => {
  const clientId = `bench-${i + 1}`;
  return {
    hubId: randomUUID(),
    householdId: clientId,
    slot: slotOf(clientId),
    clientId,
    ecosystem: 'shouwang',
    power: 'mains',
    mode: 'live',
    keyHashes: [hashOfKey('key')],
    names: new Map(),
    catalogue: null,
  };
});

const log = openLog('warn', 'bench');
const clock = systemClock();
const metrics = openMetrics();
const nudge = openNudge('bench');
const { store, close } = await openStore(join(folder, 'bench.db'));

const intake = await startIntake({
  store,
  clock,
  metrics,
  log,
  nudge,
  stream: 'bench',
  judge(packet) {
    JSON.parse(Buffer.from(packet.payload.buffer, packet.payload.byteOffset, packet.payload.length).toString());
    return nothingMeant;
  },
  inPlainWords: (finding) => finding,
  learn: () => {},
  fatal: (error) => {
    throw error;
  },
});
const admittance = await startAdmittance({
  store: { hubsSince: async ({ revision }) => ({ hubs: revision === 0 ? hubs : [], revision: 1 }) },
  log,
  nudge,
});
const door = await startMqttDoor({
  intake,
  admittance,
  plain: { host: '127.0.0.1', port: 0 },
  tls: null,
  maxConnections: 120_000,
  clock,
  metrics,
  log,
  limits: { perSecond: 1_000_000, burst: 1_000_000 },
});
process.stdout.write(`${door.port}\n`);

process.once('SIGTERM', async () => {
  await door.stop();
  await admittance.stop();
  await intake.stop();
  await close();
  nudge.close();
  if (!process.argv[3]) rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});
