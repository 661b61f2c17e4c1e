import { days } from '../domain/time.ts';
import { fleetingWrite, read, write } from './command.ts';
import type { Db } from './schema.ts';

/** A sign of life of one instance of a role. */
export type Beat = { readonly role: string; readonly instance: string; readonly at: number };

/** Stands for those that ended in order, until another beats: a role is not silent before its last instance has been gone for a while. */
const ENDED = '';

async function keep(db: Db, { role, instance, at }: Beat): Promise<void> {
  await db
    .insertInto('beat')
    .values({ role, instance, at })
    .onConflict((conflict) => conflict.columns(['role', 'instance']).doUpdateSet({ at }))
    .execute();
}

/** The last sign of life of each role, whichever instance gave it. */
export function lastBeats(beats: readonly Beat[]): Readonly<Record<string, number>> {
  const last: Record<string, number> = {};
  for (const { role, at } of beats) last[role] = Math.max(at, last[role] ?? 0);
  return last;
}

/** Those that ended in another way than in order, or live. */
export const instancesOf = (beats: readonly Beat[]): readonly Beat[] =>
  beats.filter(({ instance }) => instance !== ENDED);

export const beatsOf = (db: Db): Promise<Beat[]> =>
  db.selectFrom('beat').select(['role', 'instance', 'at']).orderBy('role').orderBy('instance').execute();

export const beatCommands = {
  /**
   * Instances that have been gone for a day are forgotten; and those that ended in order, whose clock may have been ahead of everybody's:
   * a role would seem to live until that time has come.
   */
  beat: fleetingWrite(async (db, beat: Beat) => {
    await keep(db, beat);
    await db
      .deleteFrom('beat')
      .where('role', '=', beat.role)
      .where((e) => e.or([e('at', '<', beat.at - days(1)), e('instance', '=', ENDED)]))
      .execute();
  }),

  /** The instance has ended in order, and nobody is to miss it. */
  lastBeat: write(async (db, beat: Beat) => {
    await keep(db, { ...beat, instance: ENDED });
    await db.deleteFrom('beat').where('role', '=', beat.role).where('instance', '=', beat.instance).execute();
  }),

  /** The instances of a role that gave a sign of life since. */
  instancesSince: read(async (db, { role, since }: { role: string; since: number }): Promise<string[]> => {
    const beats = await beatsOf(db);
    return instancesOf(beats.filter((beat) => beat.role === role && beat.at >= since)).map(({ instance }) => instance);
  }),
};
