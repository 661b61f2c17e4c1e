import type { Catalogue } from '../domain/reading.ts';
import type { Checkpoint, KeptHousehold, KeptState } from '../store/checkpoint.ts';
import type { HeldLease } from '../store/lease.ts';
import type { Turn } from '../store/processor.ts';
import { describe } from './directory.ts';
import type { HouseholdState } from './household.ts';
import { connected } from './seen.ts';
import { linksSince, type Sight } from './sight.ts';
import type { Town } from './town.ts';
import { classIn } from './watched.ts';

/** One part is one transaction of the only writer: at most so many rows, some 10 ms, may stand before an emergency. */
const PART_ROWS = 400;

/** Documents beside the households' own, in the same table; household ids are UUIDs and cannot be mistaken for them. */
const CATALOGUE = 'catalogue:';
const sightOf = ({ partition }: Town): string => `processor:${partition.number}`;

const rowsOf = ({ states, rollups, readings, latest, devices, hubs }: KeptHousehold): number =>
  states.length + rollups.length + readings.length + latest.length + devices.length + hubs.length;

function statesOf(town: Town, householdId: string): KeptState[] {
  const catalogues = (town.directory.households.get(householdId)?.hubs ?? []).flatMap(({ id }) =>
    town.changedCatalogues.delete(id)
      ? [{ householdId: CATALOGUE + id, state: JSON.stringify(town.directory.catalogues.get(id)) }]
      : [],
  );
  return [{ householdId, state: JSON.stringify(town.states.get(householdId)) }, ...catalogues];
}

function devicesOf(town: Town, householdId: string): KeptHousehold['devices'] {
  const places = town.newDevices.get(householdId);
  const state = town.states.get(householdId);
  const household = town.directory.households.get(householdId);
  if (!places || !state || !household) return [];
  town.newDevices.delete(householdId);
  return [...places].flatMap((place) => {
    const device = state.devices[place];
    const at = place.indexOf('/');
    return device
      ? [
          {
            ...{ householdId, hubId: place.slice(0, at), device: place.slice(at + 1) },
            class: classIn(household, place, device.class),
          },
        ]
      : [];
  });
}

function hubsOf(town: Town, householdId: string): KeptHousehold['hubs'] {
  const links = { linksSince: (stream: string) => linksSince(town.sight, stream) };
  return Object.entries(town.states.get(householdId)?.hubs ?? {}).map(([hubId, hub]) => ({
    hubId,
    householdId,
    connected: connected(hub, links),
    lastHeardAt: hub.heardAt,
  }));
}

/** What has changed in a town up to a turn, taken out of it, in parts that are written one after the other. */
export function takeCheckpoint(town: Town, lease: HeldLease, turn: Turn, linksUnknown: boolean): Checkpoint[] {
  const parts: Checkpoint[] = [];
  let households: KeptHousehold[] = [];
  let rows = 0;
  const close = (complete: KeptState | null): void => {
    parts.push({
      lease,
      processor: String(town.partition.number),
      turn: turn.number,
      households,
      complete,
      linksUnknown: linksUnknown && parts.length === 0,
    });
    households = [];
    rows = 0;
  };
  for (const householdId of town.changed) {
    const gained = town.series.take(householdId) ?? { rollups: [], readings: [], latest: [] };
    const kept: KeptHousehold = {
      states: statesOf(town, householdId),
      ...gained,
      devices: devicesOf(town, householdId),
      hubs: hubsOf(town, householdId),
    };
    households.push(kept);
    rows += rowsOf(kept);
    if (rows >= PART_ROWS) close(null);
  }
  town.changed.clear();
  close({ householdId: sightOf(town), state: JSON.stringify(town.sight) });
  return parts;
}

/** A processor's documents as they stood at a whole checkpoint; those of a part of an unfinished one have a later turn. */
export type Snapshot = {
  readonly turn: number;
  readonly documents: readonly (KeptState & { readonly turn: number })[];
};

/** Puts the documents back where they came from. */
export function restore(town: Town, { turn, documents }: Snapshot): void {
  for (const document of documents) {
    const { householdId } = document;
    if (householdId === sightOf(town)) town.sight = JSON.parse(document.state) as Sight;
    else if (householdId.startsWith(CATALOGUE)) {
      describe(town.directory, householdId.slice(CATALOGUE.length), JSON.parse(document.state) as Catalogue);
    } else {
      const state = JSON.parse(document.state) as HouseholdState;
      town.states.set(householdId, state);
      town.wakeAt = Math.min(town.wakeAt, state.wakeAt);
      if (document.turn > turn) town.ahead.set(householdId, document.turn);
    }
  }
}
