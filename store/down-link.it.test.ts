import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AlertAction } from '../domain/alert.ts';
import type { Category } from '../domain/category.ts';
import { household } from '../domain/household.ts';
import { engines } from '../test/memory.ts';
import { type OpenStore, openStoreHere } from './open.ts';

const T0 = Date.UTC(2026, 10, 22);

describe.each(engines)('what is said to hubs, on $name', (engine) => {
  if (engine.unavailable) return test.skip(engine.unavailable);
  let started: Awaited<ReturnType<typeof engine.start>>;
  let open: OpenStore;
  let householdId: string;
  let hubIds: string[];
  beforeAll(async () => {
    started = await engine.start();
  });
  afterAll(async () => {
    await open.close();
    await started.stop();
  });
  beforeEach(async () => {
    await open?.close();
    open = await openStoreHere(await started.database());
    const registrations = [
      {
        stationId: 'root',
        household: household.omit({ id: true, stationId: true }).parse({ name: 'H', mode: 'live' }),
        residents: [],
        contacts: [],
        hub: { clientId: 'box', ecosystem: 'shouwang' as const, power: 'mains' as const },
        devices: [],
      },
    ];
    const { registered = [] } = await open.store.register({ registrations, now: T0 });
    householdId = registered[0]!.householdId;
    const zigbee = { householdId, clientId: 'zigbee', ecosystem: 'zigbee2mqtt', power: 'mains' } as const;
    const added = await open.store.addHub({ hub: zigbee, now: T0 });
    hubIds = [registered[0]!.credential!.hubId, added!.hubId];
  });

  const said = async () => {
    const found = await Promise.all(hubIds.map((hubId) => open.store.commandsOf({ hubId, limit: 10, now: T0 })));
    return found.map((of) => of!.commands.map(({ topic, payload }) => `${topic} ${payload}`));
  };
  async function act(category: Category, ...kinds: readonly ('take' | 'attend' | 'close')[]): Promise<void> {
    const [alert] = await open.store.raise({
      now: T0,
      findings: [
        {
          householdId,
          category,
          about: { hubId: hubIds[0]!, device: 'd' },
          rule: 'r',
          occurrenceKey: category,
          at: T0,
          delayMs: 0,
          sentence: { zh: '', en: '' },
          evidence: { readings: [], numbers: {} },
        },
      ],
    });
    for (const kind of kinds) {
      const action: AlertAction = kind === 'close' ? { kind, disposition: 'accidental', text: '' } : { kind };
      await open.store.act({ alertId: alert!.id, action, by: 'u', seenVersion: 9, now: T0 + 1 });
    }
  }

  test.each([
    ['taken', ['take']],
    ['attended at once', ['attend']],
    ['taken twice', ['take', 'take', 'attend', 'close']],
  ] as const)('an emergency that is %s: once, to the hubs that have a word for it', async (_, kinds) => {
    await act('fall', ...kinds);
    expect(await said()).toEqual([['sw/box/down {"alert":{"category":"fall","state":"taken"}}'], []]);
  });

  test('nothing of an emergency that was only closed, or of what is none', async () => {
    await act('sos', 'close');
    await act('battery_low', 'take');
    expect(await said()).toEqual([[], []]);
  });

  test('in order, page by page, by the front end that holds the hub and no other', async () => {
    const [hubId = ''] = hubIds;
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      const command = { hubId, topic: 't', payload: `${n}`, askedBy: null };
      const asked = await open.store.sendToHub({ command, now: T0 + Math.floor(n / 2) });
      ids.push(asked && asked !== 'too_many' ? asked.id : '');
    }
    const page = (frontEnd: string, after: { createdAt: number; id: string } | null) =>
      open.store.commandsFor({ frontEnd, now: T0 + 10, after, limit: 2 });
    expect(await page('a', null)).toEqual([]);
    await open.store.commitSegment({
      ...{ stream: 'a', first: 1, count: 0, at: T0, bytes: new Uint8Array(), claims: [{ hubId, epoch: 1 }] },
      ...{ findings: [], alarmStates: [], catalogues: [], unreadable: [] },
    });
    expect(await page('b', null)).toEqual([]);
    const seen: string[] = [];
    for (let last = await page('a', null); last.length > 0; last = await page('a', last.at(-1)!))
      seen.push(...last.map(({ id }) => id));
    expect(seen.toSorted()).toEqual(ids.toSorted());
    await open.store.commandsSent({ ids: ids.slice(1), now: T0 + 20 });
    expect(await page('a', null)).toMatchObject([{ id: ids[0], payload: '0' }]);
    // Long past, it is forgotten.
    await open.store.expireCommands({ now: T0 + 40 * 86_400_000, limit: 3 });
    expect((await open.store.commandsOf({ hubId, limit: 10, now: T0 }))?.commands).toHaveLength(2);
  });
});
