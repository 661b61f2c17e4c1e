import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { seconds } from '../domain/time.ts';
import type { Store } from '../store/commands.ts';
import { StoreError } from '../store/failure.ts';
import { engines } from '../test/memory.ts';
import { isAuthentic } from './channels/signature.ts';
import { accepting, answering, openReceiver } from './test-receiver.ts';
import { openTimeline } from './test-timeline.ts';

const dead: (store: Store) => Store = (store) => ({
  ...store,
  recordOutcomes: () => Promise.reject(new Error('the process ended here')),
});

/** Does not answer to the first that is recorded, which may be written all the same. */
const unanswered =
  (isWritten: boolean): ((store: Store) => Store) =>
  (store) => {
    let asked = 0;
    const recordOutcomes: Store['recordOutcomes'] = async (args) => {
      const isFirst = asked++ === 0;
      if (isWritten || !isFirst) await store.recordOutcomes(args);
      if (isFirst) throw new StoreError('unavailable', new Error('no answer'), undefined);
    };
    return { ...store, recordOutcomes };
  };

describe.each(engines)('a night in one home, on $name', (engine) => {
  if (engine.unavailable) return test.skip(engine.unavailable);
  let started: Awaited<ReturnType<typeof engine.start>>;
  beforeAll(async () => {
    started = await engine.start();
  });
  afterAll(() => started.stop());

  const open: { close: () => Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).toReversed()) await one.close();
  });
  async function night(wrap?: (store: Store) => Store) {
    const home = await openTimeline(await started.database(), wrap);
    open.push(home);
    return home;
  }
  async function receiver(...how: Parameters<typeof openReceiver>) {
    const opened = await openReceiver(...how);
    open.push(opened);
    return opened;
  }

  const everybody = ['district', 'hotline', 'owner', 'station'];
  const round = (second: number) => everybody.map((audience) => `${second} ${audience}`);
  const unattended = ['0 family', '0 station', '60 hotline', ...round(180), ...round(300), ...round(420)];

  test('an SOS that nobody takes goes to the station at once, then further and further, and never ends', async () => {
    const home = await night();
    const sos = await home.raises('sos');
    await home.forward(seconds(430));
    expect((await home.tellings(sos)).sort(byTime)).toEqual(unattended);
    const { alert, events } = await home.told(sos);
    expect(alert).toMatchObject({ state: 'open', nextDue: sos.raisedAt + seconds(540) });
    expect(events.map((event) => event.kind)).toEqual(['raised', 'told', 'told', 'told', 'told']);
  });

  test('a restart in mid-escalation leaves neither a gap nor a duplicate', async () => {
    const home = await night();
    const sos = await home.raises('sos');
    for (const span of [59, 0.5, 0.5, 110, 9, 1, 119]) {
      await home.forward(seconds(span));
      await home.restarts();
    }
    await home.forward(seconds(131));
    expect((await home.tellings(sos)).sort(byTime)).toEqual(unattended);
  });

  test('after an outage of ten minutes the missed rungs are told at once, one after the other', async () => {
    const home = await night();
    const sos = await home.raises('sos');
    await home.restarts(seconds(600));
    await home.settle();
    const late = (await home.tellings(sos)).sort(byTime);
    expect(late).toEqual([
      '0 family',
      '0 station',
      ...['district', 'hotline', 'hotline', 'owner', 'station'].map((a) => `600 ${a}`),
    ]);
  });

  test('taking it ends the calls for help; what is then not attended is told again', async () => {
    const home = await night();
    const sos = await home.raises('sos');
    await home.forward(seconds(70));
    await home.acts(sos, { kind: 'take' });
    await home.forward(seconds(1_790), seconds(10));
    expect((await home.tellings(sos)).sort(byTime)).toEqual(['0 family', '0 station', '60 hotline']);
    await home.forward(seconds(130), seconds(10));
    const told = (await home.tellings(sos)).sort(byTime);
    expect(told.slice(3)).toEqual(
      [1_870, 1_990].flatMap((second) => ['hotline', 'owner', 'station'].map((audience) => `${second} ${audience}`)),
    );
    const { events } = await home.told(sos);
    expect(events.map((event) => event.kind).slice(-2)).toEqual(['attend_overdue', 'attend_overdue']);
  });

  test('what happens again while it is in hand goes out, and is not taken for a call that was answered', async () => {
    const home = await night();
    const hook = await receiver();
    await home.webhook('station', hook.url);
    const sos = await home.raises('sos');
    await home.forward(seconds(5));
    await home.acts(sos, { kind: 'take' });
    await home.forward(seconds(20));
    expect(hook.received).toEqual([]);
    await home.raises('sos');
    await home.forward(seconds(15));
    expect(hook.received.map(({ body }) => JSON.parse(body).alert.occurrences)).toEqual([2]);
    const { deliveries } = await home.told(sos);
    expect(deliveries.filter((one) => one.outcome === 'suppressed').map((one) => one.reason)).toEqual([
      'alert_in_hand',
    ]);
  });

  test('what consoles have shown goes no further; what they have not goes to the webhook within 15 s', async () => {
    const home = await night();
    const hook = await receiver();
    await home.webhook('station', hook.url);
    const shown = await home.raises('sos');
    await home.consolesShow(shown);
    await home.forward(seconds(20));
    expect(hook.received).toHaveLength(0);
    const unseen = await home.raises('fall');
    await home.forward(seconds(15));
    expect(hook.received.map(({ body }) => JSON.parse(body).alert.id)).toEqual([unseen.id]);
  });

  test('a receiver that is down costs the next receiver no time, and the next channel at most 15 s', async () => {
    const home = await night();
    const hook = await receiver();
    const gone = await openReceiver();
    await gone.close();
    const plan = {
      steps: [{ afterSeconds: 0, tell: ['owner' as const], channels: ['webhook' as const, 'console' as const] }],
    };
    const plans = { smoke: { ...plan, repeatSeconds: 600, attendSeconds: 600, closeSeconds: 600 } };
    await home.store().changeHousehold({ id: home.householdId, change: { plans } });
    await home.webhook('owner', gone.url);
    const smoke = await home.raises('smoke');
    await home.forward(seconds(15));
    expect(await home.tellings(smoke, 'console')).toHaveLength(1);
    const { deliveries } = await home.told(smoke);
    expect(deliveries.filter((one) => one.channel === 'webhook').map((one) => one.answer)).toContain('ECONNREFUSED');
    expect(deliveries.filter((one) => one.channel === 'webhook').length).toBeGreaterThan(2);

    await home.webhook('hotline', gone.url);
    await home.webhook('hotline', hook.url);
    const sos = await home.raises('sos');
    await home.forward(seconds(75));
    expect(hook.received).toHaveLength(1);
    const both = (await home.told(sos)).deliveries.filter((one) => one.destination.includes(':'));
    expect(both.map((one) => one.outcome).sort()).toEqual(['retry', 'sent']);
  });

  test('a receiver that had no room is tried when it has some, whatever another one answered meanwhile', async () => {
    const home = await night();
    const held: (() => void)[] = [];
    const busy = await receiver((...asked) => void held.push(() => accepting(...asked)));
    const refusing = await receiver(answering(400, {}));
    const plan = {
      steps: [{ afterSeconds: 0, tell: ['owner' as const], channels: ['webhook' as const] }],
    };
    const kinds = ['inactivity', 'door_open', 'hub_lost', 'battery_low', 'vitals'] as const;
    const plans = Object.fromEntries(
      kinds.map((kind) => [kind, { ...plan, repeatSeconds: 600, attendSeconds: 600, closeSeconds: 600 }]),
    );
    await home.store().changeHousehold({ id: home.householdId, change: { plans } });
    await home.webhook('owner', busy.url);
    const before = kinds.slice(0, 4).map((kind) => home.raises(kind));
    await vi.waitFor(() => expect(held).toHaveLength(4));

    await home.webhook('owner', refusing.url);
    const after = home.raises('vitals');
    await vi.waitFor(() => expect(refusing.received).toHaveLength(1));
    busy.answer = accepting;
    for (const answer of held) answer();
    await Promise.all(before);
    const vitals = await after;
    expect((await home.told(vitals)).notices).toMatchObject([{ state: 'due' }]);
    await home.forward(seconds(2));
    const { notices, deliveries } = await home.told(vitals);
    expect(notices).toMatchObject([{ state: 'delivered' }]);
    expect(deliveries.map(({ outcome }) => outcome).sort()).toEqual(['gave_up', 'retry', 'sent']);
  });

  test('a crash after sending and before recording sends again as soon as we are back, under the same delivery id', async () => {
    const home = await night(dead);
    const hook = await receiver();
    await home.webhook('hotline', hook.url);
    const plan = {
      steps: [{ afterSeconds: 0, tell: ['hotline' as const, 'owner' as const], channels: ['webhook' as const] }],
    };
    const plans = { sos: { ...plan, repeatSeconds: 600, attendSeconds: 600, closeSeconds: 600 } };
    await home.store().changeHousehold({ id: home.householdId, change: { plans } });
    const sos = await home.raises('sos');
    expect(hook.received).toHaveLength(1);
    await home.restarts();
    await home.forward(seconds(1));
    const ids = hook.received.map(({ headers }) => headers['shouwang-delivery']);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    const { notices } = await home.told(sos);
    expect(notices.find((notice) => notice.audience === 'hotline')).toMatchObject({ id: ids[0], state: 'delivered' });
    await home.forward(seconds(60));
    expect(hook.received).toHaveLength(2);
  });

  test.each([true, false])(
    'what was told while the memory did not answer is told once and on record once (written all the same: %s)',
    async (isWritten) => {
      const home = await night(unanswered(isWritten));
      const hook = await receiver();
      await home.webhook('owner', hook.url);
      const steps = [{ afterSeconds: 0, tell: ['owner' as const], channels: ['webhook' as const] }];
      const plans = { sos: { steps, repeatSeconds: 600, attendSeconds: 600, closeSeconds: 600 } };
      await home.store().changeHousehold({ id: home.householdId, change: { plans } });
      const sos = await home.raises('sos');
      await home.forward(seconds(20), seconds(1));
      expect(hook.received).toHaveLength(1);
      const { notices, deliveries } = await home.told(sos);
      expect(notices).toMatchObject([{ state: 'delivered' }]);
      expect(deliveries).toMatchObject([{ outcome: 'sent' }]);
    },
  );

  test('a status of 200 without the receiver’s own word is no success', async () => {
    const home = await night();
    const hook = await receiver(answering(200, { received: false }));
    const { secret } = await home.webhook('station', hook.url);
    const sos = await home.raises('sos');
    await home.forward(seconds(17));
    const delivered = async () =>
      (await home.told(sos)).notices.filter((notice) => notice.channel === 'webhook' && notice.state === 'delivered');
    expect(hook.received.length).toBeGreaterThan(1);
    expect(await delivered()).toEqual([]);
    hook.answer = accepting;
    await home.forward(seconds(10));
    expect(await delivered()).toHaveLength(1);

    const { headers, body } = hook.received.at(-1)!;
    const timestamp = String(headers['shouwang-timestamp']);
    expect(
      isAuthentic(secret, { timestamp, signature: String(headers['shouwang-signature']), body }, home.clock.now()),
    ).toBe(true);
  });

  test('an answer that no database keeps as it is takes nobody else’s record with it', async () => {
    const home = await night();
    const hook = await receiver((_, response) => void response.writeHead(500).end('out of\0order'));
    await home.webhook('station', hook.url);
    const sos = await home.raises('sos');
    await home.forward(seconds(15));
    const { deliveries } = await home.told(sos);
    expect(deliveries.filter(({ channel }) => channel === 'webhook').map(({ answer }) => answer)).toContain(
      '500 out of\ufffdorder',
    );
  });

  test('nobody is ever not told without a record that says why', async () => {
    const home = await night();
    await home.store().changeHousehold({ id: home.householdId, change: { mode: 'commissioning' } });
    const sos = await home.raises('sos');
    const of = async () => (await home.told(sos)).deliveries.map(({ outcome, reason }) => `${outcome} ${reason}`);
    expect(await of()).toEqual(['suppressed commissioning', 'suppressed commissioning']);

    await home.store().changeHousehold({ id: home.householdId, change: { mode: 'live' } });
    const smoke = await home.raises('smoke');
    await home.forward(seconds(20));
    const reasons = (await home.told(smoke)).deliveries.map(({ channel, reason }) => `${channel} ${reason}`);
    expect(new Set(reasons)).toEqual(new Set(['console sent', 'console not_heard', 'webhook no_destination']));
  });

  test('pauses hold back what they are for, and a lost hub its devices', async () => {
    const home = await night();
    const { householdId } = home;
    const span = { householdId, fromAt: home.clock.now() - 1, toAt: home.clock.now() + seconds(60), reason: '' };
    await home.store().addPause({ pause: { ...span, kind: 'absence' } });
    await home.store().addPause({ pause: { ...span, kind: 'maintenance' } });
    const reasonsOf = async (category: Parameters<typeof home.raises>[0]) => {
      const alert = await home.raises(category);
      return (await home.told(alert)).deliveries.map((one) => one.reason);
    };
    expect(await reasonsOf('inactivity')).toEqual(['absent_resident']);
    expect(await reasonsOf('tamper')).toEqual(['maintenance']);
    expect(await reasonsOf('vitals')).toEqual(['sent']);
    await home.forward(seconds(61));
    expect(await reasonsOf('hub_lost')).toEqual(['sent']);
    expect(await reasonsOf('device_lost')).toEqual(['hub_lost']);
  });
});

/** `60 hotline` after `0 station`, and by audience within a second. */
function byTime(a: string, b: string): number {
  return Number.parseFloat(a) - Number.parseFloat(b) || a.localeCompare(b);
}
