import type { Device, DeviceClass, Hub } from '../domain/hub.ts';
import type { WatchedHousehold } from '../store/watched-household.ts';
import { placeOf } from './rule.ts';
import { moreSpecific } from './seen.ts';

type Registered = Pick<Device, 'hubId' | 'key' | 'name' | 'room' | 'class'>;

/** A household as the registry has it, with what rules look up. */
export type Watched = WatchedHousehold & {
  readonly hub: ReadonlyMap<string, Pick<Hub, 'id' | 'power' | 'ecosystem'>>;
  /** By `placeOf`. */
  readonly device: ReadonlyMap<string, Registered>;
};

export const watched = (household: WatchedHousehold): Watched => ({
  ...household,
  hub: new Map(household.hubs.map((hub) => [hub.id, hub])),
  device: new Map(household.devices.map((device) => [placeOf(device.hubId, device.key), device])),
});

/** What a device is for: as an installer said who described it, else as it has shown itself so far, also before our last start. */
export function classIn(household: Watched, place: string, shown: DeviceClass): DeviceClass {
  const registered = household.device.get(place);
  if (!registered) return shown;
  const isDescribed = registered.class !== 'other' && (registered.name !== '' || registered.room !== '');
  return isDescribed ? registered.class : moreSpecific(registered.class, shown);
}

/** Openings that nobody leaves by, in the words that installers and hubs use. */
const NO_EXIT =
  /窗|冰箱|冷柜|柜|抽屉|药|信箱|window|fridge|freezer|cupboard|cabinet|drawer|wardrobe|medicine|pill|mailbox/i;

/** Whether somebody may leave the home by this door: every door that is not named as something else. */
export function isExit(household: Watched, place: string): boolean {
  const registered = household.device.get(place);
  return !NO_EXIT.test(registered ? `${place} ${registered.name} ${registered.room}` : place);
}
