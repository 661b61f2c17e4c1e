import type { Category } from '../../domain/category.ts';

/** What somebody who works on the equipment causes. */
export const technical: readonly Category[] = ['hub_lost', 'hub_clock', 'device_lost', 'battery_low', 'tamper'];
