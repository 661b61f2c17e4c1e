import type { Fault } from './fault.ts';
import { serverClock } from './server-clock.ts';

/** In the order of the report. */
export const faults: readonly Fault[] = [serverClock];
