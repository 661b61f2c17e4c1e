import { type Kysely, sql } from 'kysely';
import { Met } from './command.ts';
import { type CommandName, commands } from './commands.ts';
import { failureOf } from './failure.ts';
import type { Db, Tables } from './schema.ts';

export type Asked = { readonly name: CommandName; readonly args: unknown };

const ATTEMPTS = 8;

async function settled(trx: Db, { name, args }: Asked): Promise<PromiseSettledResult<unknown>> {
  const run = commands[name].run as (db: Db, args: unknown) => Promise<unknown>;
  for (let attempt = 1; ; attempt++) {
    await sql`savepoint command`.execute(trx);
    try {
      const value = await run(trx, args);
      await sql`release command`.execute(trx);
      return { status: 'fulfilled', value };
    } catch (reason) {
      const met = reason instanceof Met;
      // A disk that is full or failing takes back the whole transaction, not this command of it.
      if (!met && failureOf(reason) !== 'refused') throw reason;
      await sql`rollback to command`.execute(trx);
      await sql`release command`.execute(trx);
      if (attempt === ATTEMPTS || !met) return { status: 'rejected', reason };
    }
  }
}

/**
 * Runs commands one after the other and makes them durable by one synchronisation. Each is done whole or not at all, as if it were
 * alone; when this throws, none of them was done.
 */
export const together = (db: Kysely<Tables>, asked: readonly Asked[]): Promise<PromiseSettledResult<unknown>[]> =>
  db.transaction().execute(async (trx) => {
    const outcomes: PromiseSettledResult<unknown>[] = [];
    for (const one of asked) outcomes.push(await settled(trx as unknown as Db, one));
    return outcomes;
  });
