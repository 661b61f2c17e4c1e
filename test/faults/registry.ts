import type { Fault } from './fault.ts';

/** In the order of the report. */
export const faults: readonly Fault[] = [];
