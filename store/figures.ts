import { sql } from 'kysely';
import type { AlertState } from '../domain/alert.ts';
import type { Priority } from '../domain/category.ts';
import { read } from './command.ts';
import { UNSETTLED } from './notice.ts';

export type AlertFigure = { readonly state: AlertState; readonly priority: Priority; readonly n: number };

export const figureCommands = {
  /** What is open, and what waits: from indexes that hold nothing else. */
  figures: read(async (db, _: null) => {
    const alerts = await db
      .selectFrom('alert')
      .select((e) => ['state', 'priority', e.fn.countAll<number | string>().as('n'), e.fn.min('next_due').as('due')])
      .where('state', '<>', sql.lit('closed'))
      .groupBy(['state', 'priority'])
      .execute();
    const notices = await db
      .selectFrom('notice')
      .select((e) => e.fn.countAll<number | string>().as('n'))
      .where('state', 'in', UNSETTLED)
      .executeTakeFirst();
    const dues = alerts.flatMap(({ due }) => (due === null ? [] : [due]));
    return {
      alerts: alerts.map(({ state, priority, n }): AlertFigure => ({ state, priority, n: Number(n) })),
      /** The deadline that passes, or has passed, before all others. */
      firstDueAt: dues.length === 0 ? null : Math.min(...dues),
      notices: Number(notices?.n ?? 0),
    };
  }),
};
