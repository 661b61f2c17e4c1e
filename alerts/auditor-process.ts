import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemClock } from '../runtime/clock.ts';
import { readConfig } from '../runtime/config.ts';
import { instanceOf } from '../runtime/instance.ts';
import { lifecycle, repeat } from '../runtime/lifecycle.ts';
import { openLog } from '../runtime/log.ts';
import { openStoreHere } from '../store/open.ts';
import { diskOf, startAuditor } from './auditor.ts';
import { startBeat } from './beat.ts';

/**
 * The auditor as a process of its own, so that it outlives what it watches. One that was left behind by a main process that died
 * gives way to the one that the next main process starts; until then it goes on, unless nothing is left to look at.
 */
// Told by whoever starts it: a main process may die before this line is reached.
const startedBy = Number(process.argv[2] ?? process.ppid);
const isLeftBehind = (): boolean => process.ppid !== startedBy;
const config = readConfig();
const log = openLog(config.SHOUWANG_LOG_LEVEL, 'auditor');
const clock = systemClock(config.SHOUWANG_DATA_DIR);
const { store, close } = await openStoreHere(config.databaseUrl);
const parts = lifecycle(log);
parts.add('store', close);

const end = (): void => void parts.stop().then(() => process.exit(0));
process.once('SIGTERM', end);
process.once('SIGINT', end);

const instance = `${clock.now()} ${randomUUID()}`;
const isNewer = (other: string): boolean => Number.parseInt(other, 10) > Number.parseInt(instance, 10);
const SUCCESSION_MS = 15_000;
parts.add('beat', startBeat({ role: 'auditor', instance, clock, log }, store));
const giveWay = repeat(log, 'give way', 1_000, async () => {
  if (!isLeftBehind()) return;
  // Before the memory is asked, which may be gone for good as well.
  if (!existsSync(config.SHOUWANG_DATA_DIR)) return end();
  const others = await store.instancesSince({ role: 'auditor', since: clock.now() - SUCCESSION_MS });
  if (others.some(isNewer)) {
    log.info('another auditor has taken over');
    end();
  }
});
parts.add('give way', giveWay.stop);

parts.add(
  'audit',
  startAuditor({
    ...{ store, clock, log },
    disk: () => diskOf(config.SHOUWANG_DATA_DIR),
    heartbeatUrl: config.SHOUWANG_HEARTBEAT_URL ?? null,
    machine: config.SHOUWANG_DATABASE_URL ? `${hostname()} ${instanceOf(config.SHOUWANG_DATA_DIR)}` : '',
  }),
);
