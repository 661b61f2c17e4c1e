import type { Ecosystem } from '../domain/hub.ts';
import type { HubContext } from '../domain/packet.ts';
import type { Catalogue } from '../domain/reading.ts';
import type { WatchedHousehold } from '../store/watched-household.ts';
import { type Watched, watched } from './watched.ts';

export type KnownHub = HubContext & { readonly ecosystem: Ecosystem };

/** Who is who: the registry's households, and their hubs with what they last said of their devices. */
export type Directory = {
  readonly households: Map<string, Watched>;
  readonly hubs: Map<string, KnownHub>;
  readonly catalogues: Map<string, Catalogue>;
};

export const newDirectory = (): Directory => ({ households: new Map(), hubs: new Map(), catalogues: new Map() });

/** A household as it now is in the registry, in place of what was known of it. */
export function register(directory: Directory, household: WatchedHousehold): void {
  const { householdId, hubs } = household;
  for (const hub of directory.households.get(householdId)?.hubs ?? []) directory.hubs.delete(hub.id);
  directory.households.set(householdId, watched(household));
  for (const { id: hubId, ecosystem } of hubs) {
    directory.hubs.set(hubId, { hubId, householdId, ecosystem, catalogue: directory.catalogues.get(hubId) ?? null });
  }
}

/** A hub has described its devices: its next message is read by that. False when it only says again what is known. */
export function describe(directory: Directory, hubId: string, catalogue: Catalogue): boolean {
  const known = directory.catalogues.get(hubId);
  if (known && JSON.stringify(known) === JSON.stringify(catalogue)) return false;
  directory.catalogues.set(hubId, catalogue);
  const hub = directory.hubs.get(hubId);
  if (hub) directory.hubs.set(hubId, { ...hub, catalogue });
  return true;
}
