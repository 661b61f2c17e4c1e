import { sql } from 'kysely';
import { type HouseholdMode, SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import { supervision } from '../domain/hub.ts';
import { days, hours, seconds } from '../domain/time.ts';
import { belongsWithin, householdWithin, type Scope } from './area.ts';
import { read } from './command.ts';
import { processorsOf, streamsOf } from './distinct.ts';
import type { Db } from './schema.ts';

async function householdsByMode(db: Db, scope: Scope): Promise<Record<HouseholdMode, number>> {
  const rows = await db
    .selectFrom('household')
    .select((e) => ['mode', e.fn.countAll<number>().as('n')])
    .where('household.id', '<>', SYSTEM_HOUSEHOLD)
    .where(householdWithin(scope))
    .groupBy('mode')
    .execute();
  const all = { live: 0, commissioning: 0, paused: 0 };
  for (const { mode, n } of rows) all[mode] = Number(n);
  return all;
}

/** A hub without a connection counts as lost once it has been silent for as long as its class allows. */
async function hubsByState(db: Db, scope: Scope, now: number) {
  const { mains, battery } = supervision.hub;
  const state = sql<'connected' | 'resting' | 'lost' | 'neverHeard'>`case
    when hub_now.hub_id is null then 'neverHeard'
    when hub_now.connected = 1 then 'connected'
    when hub_now.last_heard_at < cast(case hub.power when 'mains' then ${now - mains} else ${now - battery} end as bigint) then 'lost'
    else 'resting' end`;
  const rows = await db
    .selectFrom('hub')
    .leftJoin('hub_now', 'hub_now.hub_id', 'hub.id')
    .select((e) => [state.as('state'), e.fn.countAll<number>().as('n')])
    .where(belongsWithin('hub.household_id', scope))
    .groupBy(sql.lit(1))
    .execute();
  const count = (wanted: (typeof rows)[number]['state']): number =>
    Number(rows.find(({ state }) => state === wanted)?.n ?? 0);
  return { connected: count('connected'), lost: count('lost'), neverHeard: count('neverHeard') };
}

/**
 * Entries of a stream since a moment. Segments are in the order of time within a stream, so that the first one is found by halving:
 * counting would read a million rows, and an index on time would cost every commit something.
 */
async function entriesSince(db: Db, stream: string, since: number): Promise<number> {
  const segments = db.selectFrom('segment').select(['first', 'count', 'at']).where('stream', '=', stream);
  const last = await segments.orderBy('first', 'desc').limit(1).executeTakeFirst();
  const oldest = await segments.orderBy('first').limit(1).executeTakeFirst();
  if (!last || !oldest || last.at < since) return 0;
  let low = oldest.first;
  let high = last.first;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = await segments
      .where('first', '<=', middle)
      .orderBy('first', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow();
    if (found.at >= since) high = found.first;
    else low = found.first + found.count;
  }
  return last.first + last.count - low;
}

async function packetsSince(db: Db, since: number): Promise<number> {
  let packets = 0;
  for (const stream of await streamsOf(db)) packets += await entriesSince(db, stream, since);
  return packets;
}

/** An idle processor takes a turn every ten seconds: after three of them without one it does not work. */
const IDLE_MS = seconds(30);

/** Since when the entry after `number` has been there; null when there is none. */
async function waitingSince(db: Db, stream: string, number: number): Promise<number | null> {
  const segment = await db
    .selectFrom('segment')
    .select(['first', 'count', 'at'])
    .where('stream', '=', stream)
    .where('first', '<=', number + 1)
    .orderBy('first', 'desc')
    .limit(1)
    .executeTakeFirst();
  return segment && segment.first + segment.count - 1 > number ? segment.at : null;
}

/** For how long the oldest entry that no turn has seen has waited for the slowest processor; 0 where nothing waits. */
async function processorBehind(db: Db, now: number): Promise<number> {
  const streams = await streamsOf(db);
  let behindMs = 0;
  for (const processor of await processorsOf(db)) {
    const turn = await db
      .selectFrom('turn')
      .select(['at', 'cut'])
      .where('processor', '=', processor)
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow();
    if (now - turn.at > IDLE_MS) behindMs = Math.max(behindMs, now - turn.at);
    const cut: Record<string, number> = JSON.parse(turn.cut);
    for (const stream of streams) {
      const since = await waitingSince(db, stream, cut[stream] ?? 0);
      if (since !== null) behindMs = Math.max(behindMs, now - since);
    }
  }
  return behindMs;
}

const LISTED = 50;

const unreadable = (db: Db, scope: Scope) =>
  db
    .selectFrom('unreadable')
    .innerJoin('hub', 'hub.id', 'unreadable.hub_id')
    .innerJoin('household', 'household.id', 'hub.household_id')
    .select([
      'unreadable.hub_id as hubId',
      'household.id as householdId',
      'household.name as householdName',
      'unreadable.topic',
      'unreadable.reason',
      'unreadable.count',
      'unreadable.last_at as lastAt',
      'unreadable.sample',
    ])
    .where(householdWithin(scope))
    .orderBy('unreadable.last_at', 'desc')
    .limit(LISTED)
    .execute();

export const systemCommands = {
  /** What is being watched within a scope, and how the system is. */
  systemState: read(async (db, { scope, now }: { scope: Scope; now: number }) => {
    const lastClosed = await db
      .selectFrom('alert')
      .select('alert.closed_at')
      .where('alert.state', '=', sql.lit('closed'))
      .where('alert.closed_at', '>', now - days(7))
      .where(belongsWithin('alert.household_id', scope))
      .orderBy('alert.closed_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    return {
      households: await householdsByMode(db, scope),
      hubs: await hubsByState(db, scope, now),
      packetsLastHour: await packetsSince(db, now - hours(1)),
      processorBehindMs: await processorBehind(db, now),
      lastClosedAt: lastClosed?.closed_at ?? null,
      unreadable: await unreadable(db, scope),
    };
  }),
};
