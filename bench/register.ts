import type { HubLine } from '../device-sim/hubs-csv.ts';
import { hubLinesOf, type Person, registerHomes } from '../test/person.ts';

/** Hubs for a load, each in a live home of its own. */
export async function registerHubs(owner: Person, count: number): Promise<readonly HubLine[]> {
  return hubLinesOf((await registerHomes(owner, count)).homes);
}
