import type { Bench } from './bench.ts';
import { city } from './city.ts';
import { disk } from './disk.ts';
import { everyday } from './everyday.ts';
import { frontEnds } from './front-ends.ts';
import { idle } from './idle.ts';
import { journal } from './journal.ts';
import { processors } from './processors.ts';
import { sideBySide } from './side-by-side.ts';
import { storm } from './storm.ts';

/** In the order of the report. */
export const benches: readonly Bench[] = [
  everyday,
  city,
  storm,
  idle,
  disk,
  journal,
  processors,
  frontEnds,
  sideBySide,
];
