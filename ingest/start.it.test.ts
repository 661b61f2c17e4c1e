import { expect, test } from 'vitest';
import type { JournalEntry } from '../domain/packet.ts';
import { openMetrics } from '../runtime/metrics.ts';
import { openNudge } from '../runtime/nudge.ts';
import type { AdmittedHub } from '../store/hub.ts';
import { type OpenStore, openStore } from '../store/open.ts';
import { segmentWriter } from '../store/segment.ts';
import { temporaryFolder } from '../test/memory.ts';
import { until } from '../test/system.ts';
import { arrivals } from './arrival.ts';
import { startIngest } from './start.ts';
import { registerHomes } from './town.test-kit.ts';

/** A front door for one hub: what it sends is judged and committed as the intake does. */
function doorOf(store: OpenStore['store'], hub: AdmittedHub) {
  let { judge } = arrivals([]);
  let number = 0;
  const { hubId } = hub;
  return {
    entries: () => number,
    /** A door that has just been opened knows nothing of the events that the old one heard. */
    async reopen() {
      ({ judge } = arrivals(await store.alarmStates(null)));
    },
    async arrive(...bodies: object[]): Promise<void> {
      const writer = segmentWriter();
      const first = number + 1;
      const times = { receivedAt: Date.now(), monotonicAt: performance.now() };
      const arrived = bodies.map((body) => {
        const payload = Buffer.from(JSON.stringify(body));
        const topic = `sw/${hubId}/up`;
        const entry: JournalEntry =
          'epoch' in body
            ? { kind: 'up', hubId, epoch: 1, ...times }
            : { kind: 'packet', hubId, topic, payload, qos: 1, retain: false, ...times };
        writer.add(entry);
        number++;
        return entry.kind === 'packet' ? judge(entry, { stream: 'a', number }, hub).findings : [];
      });
      await store.commitSegment({
        ...{ stream: 'a', first, count: bodies.length, at: times.receivedAt, bytes: writer.take() },
        ...{ findings: arrived.flat(), alarmStates: [], catalogues: [], unreadable: [] },
      });
    },
  };
}

test('on a thread of its own: what arrived is judged once more to the same alert, and a second start goes on from there', async () => {
  const folder = temporaryFolder();
  const url = `${folder.path}/shouwang.db`;
  const memory = await openStore(url);
  const { store } = memory;
  const [home] = await registerHomes(store, 1, Date.now());
  const { householdId } = home!;
  const { hubs } = await store.hubsSince({ revision: 0, limit: 10 });
  const door = doorOf(store, hubs[0]!);

  const failures: Error[] = [];
  const start = () =>
    startIngest({
      ...{
        url,
        port: memory.port(),
        nudgeName: url,
        logLevel: 'error',
        owner: 'test',
        intake: 'here',
        metrics: openMetrics(),
      },
      fatal: (error) => failures.push(error),
    });
  const nudge = openNudge(url);
  const nudged = new Promise<void>((resolve) => nudge.on('alerts', resolve));
  const stop = start();
  await door.arrive({ epoch: 1 }, { boot: 'b', seq: 1, readings: [{ device: 'button', kind: 'sos' }] });
  await door.arrive({ boot: 'b', seq: 2, readings: [{ device: 'cuff', kind: 'systolic', value: 195 }] });
  await nudged;
  await stop();

  const file = await store.householdFile({ id: householdId, now: Date.now() });
  expect(file?.devices.map((it) => it.class).sort()).toEqual(['emergency_button', 'vital_monitor']);
  expect(file?.hubs).toMatchObject([{ connected: true }]);
  expect(await store.checkpointTurn({ processor: '0' })).toBeGreaterThan(0);

  await door.reopen();
  const again = start();
  await door.arrive({ epoch: 1 }, { boot: 'b', seq: 1, readings: [{ device: 'button', kind: 'sos' }] });
  await door.arrive({ boot: 'b', seq: 3, readings: [{ device: 'cuff', kind: 'systolic', value: 196 }] });
  const turn = await store.checkpointTurn({ processor: '0' });
  await until('a turn that has read all', async () => {
    const turns = await store.turnsFrom({ processor: '0', number: turn });
    return turns.at(-1)?.cut.a === door.entries();
  });
  await again();
  const scope = { areaId: null, householdId };
  const { alerts } = await store.queue({ scope, state: 'unclosed', userId: '', limit: 10, now: Date.now() });
  expect(alerts.map(({ category, occurrences }) => [category, occurrences])).toEqual([
    ['sos', 1],
    ['vitals', 1],
  ]);
  expect(failures).toEqual([]);

  nudge.close();
  await memory.close();
  folder.remove();
});
