/** Asks one number of a database. */
export type Ask = (sql: string) => Promise<number>;

const questions = {
  homes: `select count(*) from household where id <> 'system'`,
  hubs: 'select count(*) from hub',
  keys: 'select count(*) from hub_key',
  users: 'select count(*) from user_account',
  alerts: 'select count(*) from alert',
  unresolved: `select count(*) from alert where state <> 'closed'`,
  notices: 'select count(*) from notice',
  segments: 'select count(*) from segment',
} as const;

/** What a database holds, as a person would look whether all of it is there. */
export type Holds = Readonly<Record<keyof typeof questions, number>>;

export async function holdsOf(ask: Ask): Promise<Holds> {
  const counted: [string, number][] = [];
  for (const [name, sql] of Object.entries(questions)) counted.push([name, Number(await ask(sql))]);
  return Object.fromEntries(counted) as Holds;
}

/**
 * What is no longer true after a restore. Somebody may have been shut out since, so that everybody logs in again. Who had an alert in
 * hand may have lost sight of it, so that each unresolved one is due at once, which tells its people again. Whoever worked on this
 * database works on it no more: nothing is to be waited for, and nobody missed.
 */
export const afterRestore = (now: number): readonly string[] => [
  'delete from session',
  'delete from login_link',
  'delete from beat',
  `update lease set owner = ''`,
  `update alert set next_due = ${Math.trunc(now)} where state <> 'closed' and next_due > ${Math.trunc(now)}`,
];
