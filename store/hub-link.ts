import type { Catalogue } from '../domain/reading.ts';
import { type AlarmState, alarmStatesOf } from './alarm-state.ts';
import { read, write } from './command.ts';
import type { Db, Tables } from './schema.ts';

/** A hub has connected to a front end. `epoch` is that connection's, by the front end's own clock. */
export type Claim = { readonly hubId: string; readonly epoch: number };

/** What a front end must know of a hub that was another's: what it remembers of it itself is from before. */
export type Moved = { readonly alarmStates: readonly AlarmState[]; readonly catalogue: Catalogue | null };

/** `epoch`: the connection's place among all connections of the hub, whatever clocks say. */
export type Claimed = { readonly hubId: string; readonly epoch: number; readonly moved: Moved | null };

/** Parameters of one statement stay far below what either engine allows. */
const AT_ONCE = 1_000;

const inParts = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / AT_ONCE) }, (_, part) => all.slice(part * AT_ONCE, (part + 1) * AT_ONCE));

type Link = Pick<Tables['hub_link'], 'hub_id' | 'epoch' | 'left_front_end'>;

/**
 * The later claim is the true one, and gets the larger epoch even where its front end's clock is behind. Who held the hub before finds
 * itself in `left_front_end` and ends its connection. It is forgotten when the hub has moved on once more before that: a connection that
 * nobody uses ends by itself, and what is still said on it is valid.
 */
const claim = (db: Db, frontEnd: string, claims: readonly Claim[]): Promise<Link[]> =>
  db
    .insertInto('hub_link')
    .values(claims.map(({ hubId, epoch }) => ({ hub_id: hubId, front_end: frontEnd, epoch, left_front_end: null })))
    .onConflict((conflict) =>
      conflict.column('hub_id').doUpdateSet((e) => ({
        left_front_end: e
          .case()
          .when('hub_link.front_end', '<>', e.ref('excluded.front_end'))
          .then(e.ref('hub_link.front_end'))
          .else(e.ref('hub_link.left_front_end'))
          .end(),
        front_end: e.ref('excluded.front_end'),
        epoch: e
          .case()
          .when('hub_link.epoch', '<', e.ref('excluded.epoch'))
          .then(e.ref('excluded.epoch'))
          .else(e('hub_link.epoch', '+', 1))
          .end(),
      })),
    )
    .returning(['hub_id', 'epoch', 'left_front_end'])
    .execute();

async function movedOf(db: Db, hubIds: readonly string[]): Promise<Map<string, Moved>> {
  const found = new Map<string, Moved>();
  for (const part of inParts(hubIds)) {
    const alarms = Map.groupBy(await alarmStatesOf(db, part), ({ hubId }) => hubId);
    const rows = await db.selectFrom('hub_catalogue').selectAll().where('hub_id', 'in', part).execute();
    const catalogues = new Map(rows.map((row): [string, Catalogue] => [row.hub_id, JSON.parse(row.catalogue)]));
    for (const hubId of part) {
      found.set(hubId, { alarmStates: alarms.get(hubId) ?? [], catalogue: catalogues.get(hubId) ?? null });
    }
  }
  return found;
}

/** In the transaction that journals the connections; in one order everywhere, so that front ends never wait for each other in a circle. */
export async function claimHubs(db: Db, frontEnd: string, claims: readonly Claim[]): Promise<Claimed[]> {
  const links: Link[] = [];
  const inOrder = claims.toSorted((a, b) => (a.hubId < b.hubId ? -1 : 1));
  for (const part of inParts(inOrder)) links.push(...(await claim(db, frontEnd, part)));
  const moved = await movedOf(
    db,
    links.filter((link) => link.left_front_end !== null).map((link) => link.hub_id),
  );
  return links.map(({ hub_id, epoch }) => ({ hubId: hub_id, epoch, moved: moved.get(hub_id) ?? null }));
}

/** What became of claims that were made already: another front end may have made a later one since. */
export async function claimedBefore(db: Db, frontEnd: string, claims: readonly Claim[]): Promise<Claimed[]> {
  const epochs = new Map(claims.map(({ hubId, epoch }) => [hubId, epoch]));
  for (const part of inParts([...epochs.keys()])) {
    const mine = await db
      .selectFrom('hub_link')
      .select(['hub_id', 'epoch'])
      .where('hub_id', 'in', part)
      .where('front_end', '=', frontEnd)
      .execute();
    for (const { hub_id, epoch } of mine) epochs.set(hub_id, epoch);
  }
  const moved = await movedOf(db, [...epochs.keys()]);
  return [...epochs].map(([hubId, epoch]) => ({ hubId, epoch, moved: moved.get(hubId) ?? null }));
}

export const hubLinkCommands = {
  /** Hubs that have left a front end for another, whose connection it has not ended yet; `epoch` is that of the newer connection. */
  hubsThatLeft: read(async (db, { frontEnd, limit }: { frontEnd: string; limit: number }): Promise<Claim[]> => {
    const rows = await db
      .selectFrom('hub_link')
      .select(['hub_id', 'epoch'])
      .where('left_front_end', 'is not', null)
      .where('left_front_end', '=', frontEnd)
      .limit(limit)
      .execute();
    return rows.map((row) => ({ hubId: row.hub_id, epoch: row.epoch }));
  }),

  /** Their connections are ended; a hub that has left once more since then is told of again. */
  letGoOfHubs: write(async (db, { frontEnd, hubs }: { frontEnd: string; hubs: readonly Claim[] }) => {
    for (const { hubId, epoch } of hubs) {
      await db
        .updateTable('hub_link')
        .set({ left_front_end: null })
        .where('hub_id', '=', hubId)
        .where('left_front_end', '=', frontEnd)
        .where('epoch', '=', epoch)
        .execute();
    }
  }),
};
