import type { ReadingKind } from '../domain/reading.ts';
import { read } from './command.ts';
import type { Db, Tables } from './schema.ts';

/** The known state of an alarm (smoke, gas, …), kept so that neither a restart nor another front end forgets or repeats it. */
export type AlarmState = {
  readonly hubId: string;
  readonly device: string;
  readonly kind: ReadingKind;
  readonly active: boolean;
  readonly at: number;
};

const alarmStateOf = ({ hub_id, device, kind, active, at }: Tables['alarm_state']): AlarmState => ({
  hubId: hub_id,
  device,
  kind,
  active: active === 1,
  at,
});

/** A state that was made later stands: a front end that stood still for a while may come with what was true before. */
export async function keepAlarmStates(db: Db, states: readonly AlarmState[]): Promise<void> {
  for (const { hubId, device, kind, active, at } of states) {
    await db
      .insertInto('alarm_state')
      .values({ hub_id: hubId, device, kind, active: active ? 1 : 0, at })
      .onConflict((conflict) =>
        conflict
          .columns(['hub_id', 'device', 'kind'])
          .doUpdateSet({ active: active ? 1 : 0, at })
          .where('alarm_state.at', '<=', at),
      )
      .execute();
  }
}

export async function alarmStatesOf(db: Db, hubIds: readonly string[]): Promise<AlarmState[]> {
  const rows = await db.selectFrom('alarm_state').selectAll().where('hub_id', 'in', hubIds).execute();
  return rows.map(alarmStateOf);
}

export const alarmStateCommands = {
  alarmStates: read(async (db, _: null): Promise<AlarmState[]> => {
    const rows = await db.selectFrom('alarm_state').selectAll().execute();
    return rows.map(alarmStateOf);
  }),
};
