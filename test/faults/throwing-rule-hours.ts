import { join } from 'node:path';
import { hours, minutes, seconds } from '../../domain/time.ts';
import { decode } from '../../ingest/decoders/registry.ts';
import { startProcessor } from '../../ingest/processor.ts';
import { type AnyRule, anyRule, type Rule } from '../../ingest/rule.ts';
import { rules } from '../../ingest/rules/registry.ts';
import { registerHomes, soleLease, streamOf, WHOLE } from '../../ingest/town.test-kit.ts';
import { movedClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import type { Store } from '../../store/commands.ts';
import { openStoreHere } from '../../store/open.ts';
import { temporaryFolder } from '../memory.ts';

const NOON = Date.UTC(2026, 2, 2, 4);
/** What our own decoder fails on, in one home. */
const UNDECODABLE = 'undecodable';

export type HoursSeen = {
  readonly alertsOfBad: readonly string[];
  readonly alertsOfGood: readonly string[];
  /** How the record of the bad home's alert goes on. */
  readonly events: readonly string[];
  readonly calls: number;
  readonly logged: number;
  readonly restarted: boolean;
};

async function alertsOf(store: Pick<Store, 'queue'>, { householdId }: { householdId: string }) {
  const scope = { areaId: null, householdId };
  return (await store.queue({ scope, state: 'unclosed', userId: '', limit: 50, now: NOON })).alerts;
}

const failing = (on: (householdId: string) => boolean): Rule<number> => ({
  name: 'poison',
  initial: 0,
  hears: ['motion', 'systolic'],
  step(count, input, home) {
    if (on(home.household.householdId)) throw new Error('this rule fails on purpose');
    return input.kind === 'reading' ? { state: count + 1 } : null;
  },
});

/** Hours on a moved clock: a rule and the decoder fail on one home, the processor is started again in between, and then both work again. */
export async function failsForHours(): Promise<HoursSeen> {
  const folder = temporaryFolder();
  const open = await openStoreHere(join(folder.path, 'shouwang.db'));
  const clock = movedClock(NOON);
  const [bad, good] = await registerHomes(open.store, 2, clock.now());
  if (!bad || !good) throw new Error('two homes are needed');
  let isFailing = true;
  let logged = 0;
  const poison = failing((householdId) => isFailing && householdId === bad.householdId);
  const write = streamOf(open.store, 'a');
  let seq = 0;
  const says = (hubId: string, kind: string, value: boolean | number, more = '') => ({
    ...{ kind: 'packet' as const, hubId, topic: `sw/${hubId}/${kind === 'sos' ? 'emergency' : 'up'}`, qos: 1 as const },
    ...{ retain: false, receivedAt: clock.now(), monotonicAt: clock.now() },
    payload: Buffer.from(JSON.stringify({ boot: `b${more}`, seq: seq++, readings: [{ device: 'd', kind, value }] })),
  });
  const start = async (all: readonly AnyRule[]) =>
    startProcessor({
      ...{ store: open.store, clock, nudge: { send: () => {} }, rules: all, intakeStartedAt: null },
      ...{ log: { ...silentLog, error: () => void logged++ }, partition: WHOLE, lease: await soleLease(open.store) },
      decode(packet, hub) {
        if (isFailing && Buffer.from(packet.payload).includes(UNDECODABLE))
          throw new Error('this decoder fails on purpose');
        return decode(packet, hub);
      },
    });
  const all = [anyRule(poison), ...rules];
  let processor = await start(all);
  const hour = async (): Promise<void> => {
    for (let minute = 0; minute < 60; minute += 5) {
      const both = [bad, good].flatMap(({ hubId }) => [says(hubId, 'motion', true), says(hubId, 'sos', true)]);
      await write([...both, says(bad.hubId, 'motion', true, UNDECODABLE)]);
      await processor.round();
      clock.forward(minutes(5));
    }
  };

  await hour();
  // As after a crash: the same messages are read once more, and fail once more.
  processor = await start(all);
  await processor.round();
  await write([says(good.hubId, 'systolic', 230)]);
  await processor.round();
  const restarted = processor.town.states.has(good.householdId);
  isFailing = false;
  await hour();
  await hour();
  clock.forward(seconds(30));
  await processor.round();
  const [ofBad, ofGood] = [await alertsOf(open.store, bad), await alertsOf(open.store, good)];
  const degraded = ofBad.find(({ category }) => category === 'monitoring_degraded');
  const record = degraded && (await open.store.alertRecord({ id: degraded.id }));
  await processor.stop();
  await open.close();
  folder.remove();
  return {
    alertsOfBad: ofBad.map(({ category }) => category),
    alertsOfGood: ofGood.map(({ category }) => category),
    events: record?.events.map(({ kind }) => kind) ?? [],
    calls: ofBad.find(({ category }) => category === 'sos')?.occurrences ?? 0,
    logged,
    restarted,
  };
}

/** Every five minutes of three hours. */
export const CALLS = (3 * hours(1)) / minutes(5);
