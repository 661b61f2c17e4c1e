import type { Place } from '../../domain/scope.ts';
import type { Store } from '../../store/commands.ts';

type Standing = { readonly stationId: string; readonly householdId: string };

export type PlaceOf = (thing: Standing) => Place;

/** Where things stand, from memory: areas are never moved, so the tree is read again only for one that is not in it. */
export function areaTree(store: Pick<Store, 'areaParents'>): {
  readonly placesOf: (things: readonly Standing[]) => Promise<PlaceOf>;
} {
  let parents = new Map<string, string | null>();

  const placeOf: PlaceOf = ({ stationId, householdId }) => {
    const areaIds: string[] = [];
    for (let id: string | null = stationId; id !== null; id = parents.get(id) ?? null) areaIds.push(id);
    return { areaIds, householdId };
  };

  return {
    async placesOf(things) {
      if (things.some(({ stationId }) => !parents.has(stationId))) {
        parents = new Map((await store.areaParents(null)).map(({ id, parentId }) => [id, parentId]));
      }
      return placeOf;
    },
  };
}
