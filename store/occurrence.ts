import type { Category } from '../domain/category.ts';
import { read } from './command.ts';

/** A cause by its key, and the alert that it belongs to. */
export type KnownOccurrence = {
  readonly householdId: string;
  readonly key: string;
  readonly alertId: string;
  readonly category: Category;
};

export const occurrenceCommands = {
  /** Every cause of an alert, a page at a time in the order of household and key: for whoever checks that none is missing or there twice. */
  occurrencesAfter: read(
    async (
      db,
      { after, limit }: { after: Pick<KnownOccurrence, 'householdId' | 'key'>; limit: number },
    ): Promise<KnownOccurrence[]> =>
      db
        .selectFrom('occurrence')
        .innerJoin('alert', 'alert.id', 'occurrence.alert_id')
        .select([
          'occurrence.household_id as householdId',
          'occurrence.key',
          'occurrence.alert_id as alertId',
          'alert.category',
        ])
        .where(({ eb, refTuple, tuple }) =>
          eb(refTuple('occurrence.household_id', 'occurrence.key'), '>', tuple(after.householdId, after.key)),
        )
        .orderBy('occurrence.household_id')
        .orderBy('occurrence.key')
        .limit(limit)
        .execute(),
  ),
};
