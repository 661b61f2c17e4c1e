import { type Registered, register, type Session } from './api.ts';
import { type Home, type HomeOptions, homeOf } from './home.ts';
import type { HubLine } from './hubs-csv.ts';
import { registrationOf } from './registration.ts';
import type { Credential } from './sim-hub.ts';
import type { Inhabited } from './town.ts';

/** A prefix that no earlier run has used: hubs are registered once and for all. */
export const freshPrefix = (word: string): string => `${word}-${Date.now().toString(36)}`;

export const credentialOf = ({ clientId, username, key }: Registered): Credential => ({
  clientId,
  username,
  password: key,
});

export const hubLineOf = (credential: Credential): HubLine => ({
  ...credential,
  topic: `sw/${credential.clientId}/up`,
});

/** Registers demo homes 1 to `count`, spread over the stations in turn. */
export async function settleTown(
  session: Session,
  stations: readonly string[],
  count: number,
  options: HomeOptions,
): Promise<(Inhabited & { readonly householdId: string })[]> {
  const homes = Array.from({ length: count }, (_, i) => homeOf(i + 1, options));
  const stationFor = (home: Home) => stations[home.number % stations.length] ?? '';
  const registered = await register(
    session,
    homes.map((home) => registrationOf(home, stationFor(home))),
  );
  return homes.flatMap((home, i) => {
    const given = registered[i];
    return given ? [{ home, credential: credentialOf(given), householdId: given.householdId }] : [];
  });
}
