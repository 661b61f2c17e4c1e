import { databaseGone } from './database-gone.ts';
import { deviceClocks } from './device-clocks.ts';
import { diskFull } from './disk-full.ts';
import { duplicates } from './duplicates.ts';
import type { Fault } from './fault.ts';
import { frozenConsoles } from './frozen-console.ts';
import { frozenHubs } from './frozen-hub.ts';
import { fsyncError } from './fsync-error.ts';
import { generatedBodies } from './generated-bodies.ts';
import { halfOpen } from './half-open.ts';
import { injection } from './injection.ts';
import { killedForGood } from './killed-for-good.ts';
import { kills, killsOfRoles } from './kills.ts';
import { lostNudges } from './lost-nudges.ts';
import { mutatedPackets } from './mutated-packets.ts';
import { nobodyAnswers } from './nobody-answers.ts';
import { powerLoss } from './power-loss.ts';
import { reconnectStorm } from './reconnect-storm.ts';
import { restore } from './restore.ts';
import { rollingUpgrade } from './rolling-upgrade.ts';
import { seriesDown } from './series-down.ts';
import { serverClock } from './server-clock.ts';
import { slowDisk } from './slow-disk.ts';
import { stoppedOwner } from './stopped-owner.ts';
import { threeHosts } from './three-hosts.ts';
import { throwingRule } from './throwing-rule.ts';
import { virtualMonths } from './virtual-months.ts';

/** In the order of the report. */
export const faults: readonly Fault[] = [
  kills,
  killsOfRoles,
  killedForGood,
  serverClock,
  stoppedOwner,
  threeHosts,
  lostNudges,
  rollingUpgrade,
  databaseGone,
  restore,
  seriesDown,
  duplicates,
  powerLoss,
  fsyncError,
  diskFull,
  slowDisk,
  reconnectStorm,
  frozenConsoles,
  frozenHubs,
  virtualMonths,
  deviceClocks,
  mutatedPackets,
  generatedBodies,
  injection,
  throwingRule,
  halfOpen,
  nobodyAnswers,
];
