import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Rehearsal, rehearse, T0 } from '../../../test/rehearsal.ts';
import { actAnswer, alertAnswer, queueAnswer } from '../../wire/alert.ts';

let it: Rehearsal;
beforeEach(async () => {
  it = await rehearse();
});
afterEach(() => it.stop());

test('the queue of a station holds its own alerts, with the words for where they are', async () => {
  const { cookie } = await it.logIn('operator', it.north);
  const alert = await it.raise('smoke', it.home.id, it.home.hubId);
  await it.raise('sos', it.otherHome.id, it.otherHome.hubId);
  const answer = await it.ask('GET', '/api/alerts', { cookie });
  const { alerts, counts, serverAt } = queueAnswer.parse(answer.body);
  expect(serverAt).toBe(T0);
  expect(alerts).toMatchObject([
    { id: alert.id, householdName: 'Home 0', address: '0 Lane', stationName: 'North', subjectName: 'bedroom' },
  ]);
  expect(counts).toEqual({ open: 1, taken: 0, attended: 0, closed: 0 });
});

test('taking, attending and closing are final when they are answered', async () => {
  const { cookie, login } = await it.logIn('operator', it.north);
  const { id } = await it.raise('sos', it.home.id, it.home.hubId);
  const act = (body: object) => it.ask('POST', `/api/alerts/${id}/act`, { cookie, body });
  const taken = actAnswer.parse((await act({ version: 1, action: { kind: 'take' } })).body).alert;
  expect(taken).toMatchObject({ state: 'taken', takenByName: login, version: 2 });
  const attended = actAnswer.parse((await act({ version: 2, action: { kind: 'attend' } })).body).alert;
  const close = { kind: 'close', disposition: 'real_emergency', text: 'ambulance called' };
  expect(await act({ version: attended.version, action: close })).toMatchObject({
    status: 200,
    body: { alert: { state: 'closed' } },
  });
  const record = alertAnswer.parse((await it.ask('GET', `/api/alerts/${id}`, { cookie })).body);
  expect(record.events.map((event) => [event.kind, event.byName])).toEqual([
    ['raised', null],
    ['taken', login],
    ['attended', login],
    ['closed', login],
  ]);
  expect(record.notices.length).toBeGreaterThan(0);
});

test('of two who take an alert at once, one has it and the other is told so', async () => {
  const { id } = await it.raise('sos', it.home.id, it.home.hubId);
  const both = [await it.logIn('operator', it.north), await it.logIn('hotline', 'root')];
  const answers = await Promise.all(
    both.map(({ cookie }) =>
      it.ask('POST', `/api/alerts/${id}/act`, { cookie, body: { version: 1, action: { kind: 'take' } } }),
    ),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'taken_by_another' });
});

test('nobody closes what happened again since they looked', async () => {
  const { cookie } = await it.logIn('operator', it.north);
  const { id } = await it.raise('sos', it.home.id, it.home.hubId);
  await it.raise('sos', it.home.id, it.home.hubId);
  const body = { version: 1, action: { kind: 'close', disposition: 'accidental' } };
  const answer = await it.ask('POST', `/api/alerts/${id}/act`, { cookie, body, headers: { 'accept-language': 'en' } });
  expect(answer).toMatchObject({
    status: 409,
    body: { code: 'happened_again', message: expect.stringContaining('Look at it before you close it') },
  });
});

test('an alert can be asked for by its state, and by who has it in hand', async () => {
  const { cookie } = await it.logIn('operator', it.north);
  const { id } = await it.raise('sos', it.home.id, it.home.hubId);
  const states = async (): Promise<string[]> => {
    const found: string[] = [];
    for (const state of ['open', 'mine', 'unclosed', 'closed']) {
      const { alerts } = queueAnswer.parse((await it.ask('GET', `/api/alerts?state=${state}`, { cookie })).body);
      if (alerts.length > 0) found.push(state);
    }
    return found;
  };
  expect(await states()).toEqual(['open', 'unclosed']);
  await it.ask('POST', `/api/alerts/${id}/act`, { cookie, body: { version: 1, action: { kind: 'take' } } });
  expect(await states()).toEqual(['mine', 'unclosed']);
  const close = { kind: 'close', disposition: 'test' };
  await it.ask('POST', `/api/alerts/${id}/act`, { cookie, body: { version: 2, action: close } });
  expect(await states()).toEqual(['closed']);
  expect((await it.ask('GET', '/api/alerts?state=lost', { cookie })).status).toBe(400);
});

test('a console confirms what it has shown, for its own audience and scope only', async () => {
  const { id } = await it.raise('sos', it.home.id, it.home.hubId);
  const { notices } = (await it.store.alertRecord({ id }))!;
  const noticeIds = notices.map((notice) => notice.id);
  const shown = async (role: 'operator' | 'family' | 'supervisor', where: string) => {
    const { cookie } = await it.logIn(role, where);
    expect((await it.ask('POST', '/api/notices/shown', { cookie, body: { noticeIds } })).status).toBe(204);
    const record = (await it.store.alertRecord({ id }))!;
    return record.notices.filter((notice) => notice.state === 'delivered').map((notice) => notice.audience);
  };
  expect(await shown('operator', it.south)).toEqual([]);
  expect(await shown('supervisor', it.north)).toEqual([]);
  expect(await shown('family', it.otherHome.id)).toEqual([]);
  expect(await shown('operator', it.north)).toEqual(['station']);
  expect((await shown('family', it.home.id)).toSorted()).toEqual(['family', 'station']);
  expect((await it.store.alertRecord({ id }))!.deliveries).toHaveLength(2);
});
