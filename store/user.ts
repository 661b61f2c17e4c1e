import { randomUUID } from 'node:crypto';
import { ROOT_AREA } from '../domain/household.ts';
import { days, hours, minutes } from '../domain/time.ts';
import type { User } from '../domain/user.ts';
import { areaWithin, type Scope } from './area.ts';
import { read, write } from './command.ts';
import type { Db, Tables } from './schema.ts';

/** A session ends after 12 h without a request, which a night shift outlasts, and after 30 days whatever happens. */
const IDLE_MS = hours(12);
const ABSOLUTE_MS = days(30);
/** A session is prolonged at most this often, so that asking does not mean writing. */
const PROLONG_EVERY_MS = minutes(10);
const LINK_MS = hours(24);

const userColumns = ['id', 'login', 'name', 'role', 'area_id', 'household_id'] as const;
const userOf = (row: Pick<Tables['user_account'], (typeof userColumns)[number]>): User => ({
  id: row.id,
  login: row.login,
  name: row.name,
  role: row.role,
  areaId: row.area_id,
  householdId: row.household_id,
});

const sessionEnd = (createdAt: number, now: number): number => Math.min(now + IDLE_MS, createdAt + ABSOLUTE_MS);

async function insertSession(db: Db, userId: string, tokenHash: string, now: number): Promise<void> {
  await db.deleteFrom('session').where('expires_at', '<=', now).execute();
  await db
    .insertInto('session')
    .values({ token_hash: tokenHash, user_id: userId, created_at: now, expires_at: sessionEnd(now, now) })
    .execute();
}

/** One link a user: a newer one ends those before it. */
async function insertLink(db: Db, userId: string, tokenHash: string, now: number): Promise<void> {
  await db
    .deleteFrom('login_link')
    .where((e) => e.or([e('user_id', '=', userId), e('expires_at', '<=', now)]))
    .execute();
  await db
    .insertInto('login_link')
    .values({ token_hash: tokenHash, user_id: userId, expires_at: now + LINK_MS })
    .execute();
}

async function insertUser(db: Db, user: Omit<User, 'id'>, now: number): Promise<User | null> {
  const id = randomUUID();
  const inserted = await db
    .insertInto('user_account')
    .values({
      id,
      login: user.login,
      name: user.name,
      role: user.role,
      area_id: user.areaId,
      household_id: user.householdId,
      password_hash: null,
      created_at: now,
    })
    .onConflict((conflict) => conflict.column('login').doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n ? { id, ...user } : null;
}

/** Tokens come here as their SHA-256: who reads the database can log in as nobody. */
export const userCommands = {
  userByLogin: read(async (db, { login }: { login: string }) => {
    const row = await db
      .selectFrom('user_account')
      .select([...userColumns, 'password_hash'])
      .where('login', '=', login)
      .executeTakeFirst();
    return row ? { user: userOf(row), passwordHash: row.password_hash } : null;
  }),

  openSession: write(async (db, { userId, tokenHash, now }: { userId: string; tokenHash: string; now: number }) =>
    insertSession(db, userId, tokenHash, now),
  ),

  /** Uses up a one-time link for a session; null when there is none such (any more). */
  openSessionByLink: write(
    async (db, { linkHash, tokenHash, now }: { linkHash: string; tokenHash: string; now: number }) => {
      const link = await db
        .deleteFrom('login_link')
        .where('token_hash', '=', linkHash)
        .returning(['user_id', 'expires_at'])
        .executeTakeFirst();
      if (!link || link.expires_at <= now) return null;
      await insertSession(db, link.user_id, tokenHash, now);
      const row = await db
        .selectFrom('user_account')
        .select(userColumns)
        .where('id', '=', link.user_id)
        .executeTakeFirstOrThrow();
      return userOf(row);
    },
  ),

  /** Whose session it is, and whether it is time to prolong it; null when there is none or it has ended. */
  sessionOf: read(async (db, { tokenHash, now }: { tokenHash: string; now: number }) => {
    const row = await db
      .selectFrom('session')
      .innerJoin('user_account', 'user_account.id', 'session.user_id')
      .select(userColumns.map((column) => `user_account.${column}` as const))
      .select(['session.created_at', 'session.expires_at'])
      .where('session.token_hash', '=', tokenHash)
      .where('session.expires_at', '>', now)
      .executeTakeFirst();
    if (!row) return null;
    return { user: userOf(row), prolong: sessionEnd(row.created_at, now) - row.expires_at > PROLONG_EVERY_MS };
  }),

  prolongSession: write(async (db, { tokenHash, now }: { tokenHash: string; now: number }) => {
    const session = await db
      .selectFrom('session')
      .select('created_at')
      .where('token_hash', '=', tokenHash)
      .executeTakeFirst();
    if (!session) return;
    await db
      .updateTable('session')
      .set({ expires_at: sessionEnd(session.created_at, now) })
      .where('token_hash', '=', tokenHash)
      .execute();
  }),

  /** Those of these sessions that still hold. */
  sessionsHolding: read(async (db, { tokenHashes, now }: { tokenHashes: readonly string[]; now: number }) => {
    if (tokenHashes.length === 0) return [];
    const rows = await db
      .selectFrom('session')
      .select('token_hash')
      .where('token_hash', 'in', tokenHashes)
      .where('expires_at', '>', now)
      .execute();
    return rows.map((row) => row.token_hash);
  }),

  endSession: write(async (db, { tokenHash }: { tokenHash: string }) => {
    await db.deleteFrom('session').where('token_hash', '=', tokenHash).execute();
  }),

  /** A new password ends the user's other sessions and the links not yet used. */
  setPassword: write(
    async (db, { userId, passwordHash, keep }: { userId: string; passwordHash: string; keep: string }) => {
      await db.updateTable('user_account').set({ password_hash: passwordHash }).where('id', '=', userId).execute();
      await db.deleteFrom('session').where('user_id', '=', userId).where('token_hash', '<>', keep).execute();
      await db.deleteFrom('login_link').where('user_id', '=', userId).execute();
    },
  ),

  /** Those whose role holds within a scope. */
  users: read(async (db, { scope }: { scope: Scope }) => {
    const rows = await db
      .selectFrom('user_account')
      .leftJoin('household', 'household.id', 'user_account.household_id')
      .select(userColumns.map((column) => `user_account.${column}` as const))
      .where((e) => e.or([areaWithin('user_account.area_id', scope), areaWithin('household.station_id', scope)]))
      .orderBy('user_account.login')
      .execute();
    return rows.map(userOf);
  }),

  /** A user with a one-time link to log in by; null when the login is taken. */
  addUser: write(async (db, { user, linkHash, now }: { user: Omit<User, 'id'>; linkHash: string; now: number }) => {
    const added = await insertUser(db, user, now);
    if (added) await insertLink(db, added.id, linkHash, now);
    return added;
  }),

  /** A new link for a user; null when there is no such user. */
  addLink: write(async (db, { userId, linkHash, now }: { userId: string; linkHash: string; now: number }) => {
    const row = await db.selectFrom('user_account').select(userColumns).where('id', '=', userId).executeTakeFirst();
    if (!row) return null;
    await insertLink(db, userId, linkHash, now);
    return userOf(row);
  }),

  /** The link by which the first owner comes in: for as long as nobody has a password or a session. False when somebody has. */
  addFirstOwnerLink: write(async (db, { linkHash, now }: { linkHash: string; now: number }) => {
    const inUse = await db
      .selectFrom('user_account')
      .leftJoin('session', (join) =>
        join.onRef('session.user_id', '=', 'user_account.id').on('session.expires_at', '>', now),
      )
      .select('user_account.id')
      .where((e) => e.or([e('password_hash', 'is not', null), e('session.token_hash', 'is not', null)]))
      .limit(1)
      .executeTakeFirst();
    if (inUse) return false;
    const owner = { login: 'owner', name: 'Owner', role: 'owner', areaId: ROOT_AREA, householdId: null } as const;
    const found = await db.selectFrom('user_account').select('id').where('login', '=', owner.login).executeTakeFirst();
    const id = found?.id ?? (await insertUser(db, owner, now))?.id;
    if (id === undefined) return false;
    await insertLink(db, id, linkHash, now);
    return true;
  }),
};
