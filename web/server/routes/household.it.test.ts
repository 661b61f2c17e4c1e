import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Rehearsal, rehearse, T0 } from '../../../test/rehearsal.ts';
import {
  accessAnswer,
  householdFile,
  householdsAnswer,
  hubKeyAnswer,
  registrationsAnswer,
  seriesAnswer,
  timelineAnswer,
} from '../../wire/household.ts';
import { systemAnswer } from '../../wire/system.ts';

let it: Rehearsal;
let cookie: string;
beforeEach(async () => {
  it = await rehearse();
  cookie = (await it.logIn('owner', 'root')).cookie;
});
afterEach(() => it.stop());

const at = (rest: string): string => `/api/households/${it.home.id}${rest}`;
const ask = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, body?: unknown) =>
  it.ask(method, url, { cookie, body, headers: { 'accept-language': 'en' } });
const file = async () => householdFile.parse((await ask('GET', at(''))).body);

test('households are listed a page at a time and found by what is typed', async () => {
  const page = householdsAnswer.parse((await ask('GET', '/api/households?limit=1&offset=1')).body);
  expect(page).toMatchObject({
    total: 2,
    households: [{ name: 'Home 1', stationName: 'South', residents: ['Resident 1'], openAlerts: 0 }],
  });
  const found = householdsAnswer.parse((await ask('GET', '/api/households?search=resident%200')).body);
  expect(found.households.map(({ name }) => name)).toEqual(['Home 0']);
});

test('the file of a household masks how to get in; asking for it and each look is recorded', async () => {
  const desk = await it.logIn('operator', it.north);
  const look = (method: 'GET' | 'POST', rest: string) => it.ask(method, at(rest), { cookie: desk.cookie });
  const answer = await look('GET', '');
  expect(JSON.stringify(answer.body)).not.toContain('under the pot');
  expect(householdFile.parse(answer.body)).toMatchObject({
    household: { access: 'masked' },
    residents: [{ name: 'Resident 0' }],
    hubs: [{ clientId: 'hub-0', activeKeys: 1 }],
  });
  expect(accessAnswer.parse((await look('POST', '/access')).body)).toEqual({ access: 'key under the pot' });
  timelineAnswer.parse((await look('GET', '/timeline?limit=10')).body);
  expect(seriesAnswer.parse((await look('GET', '/series?kind=heart_rate&from=0&to=9&size=60')).body)).toEqual({
    kind: 'heart_rate',
    unit: '/min',
    points: [],
  });
  const looks = await it.store.looksAt({ householdId: it.home.id, limit: 10 });
  expect(looks.every(({ userId, at: when }) => userId === desk.id && when === T0)).toBe(true);
  expect(looks.map(({ what }) => what).toSorted()).toEqual(['access', 'file', 'series', 'timeline']);
});

test('a change names what changes and leaves the rest', async () => {
  expect((await ask('PATCH', at(''), { mode: 'paused' })).status).toBe(204);
  const { household } = await file();
  expect(household).toMatchObject({ mode: 'paused', name: 'Home 0', address: '0 Lane', access: 'masked' });
  expect(await ask('PATCH', at(''), { mode: 'asleep' })).toMatchObject({
    status: 400,
    body: { details: [{ path: 'mode' }] },
  });
  expect(await ask('PATCH', at(''), { settings: { zone: 'Mars/Olympus' } })).toMatchObject({
    status: 400,
    body: { details: [{ path: 'settings.zone' }] },
  });
});

test('residents, contacts, pauses and devices come, change and go', async () => {
  const resident = (await ask('POST', at('/residents'), { name: 'Second' })).body;
  expect((await ask('PUT', at(`/residents/${resident.id}`), { name: 'Changed', birthYear: 1940 })).status).toBe(204);
  expect((await ask('PUT', at('/residents/none'), { name: 'N' })).status).toBe(404);
  const contact = (await ask('POST', at('/contacts'), { name: 'Daughter', phone: '+86 138', rank: 2 })).body;
  expect((await ask('PUT', at(`/contacts/${contact.id}`), { name: 'Son', phone: '+86 139', rank: 2 })).status).toBe(
    204,
  );
  const pause = (await ask('POST', at('/pauses'), { kind: 'absence', fromAt: T0, toAt: T0 + 9, reason: '' })).body;
  expect((await ask('POST', at('/pauses'), { kind: 'absence', fromAt: T0, toAt: T0, reason: '' })).status).toBe(400);
  expect((await ask('POST', at('/pauses'), { kind: 'absence', fromAt: T0, toAt: T0 + 0.5, reason: '' })).status).toBe(
    400,
  );
  const device = { hubId: it.home.hubId, key: 'button', name: 'Red button', room: 'bath', class: 'emergency_button' };
  expect((await ask('PUT', at('/devices'), device)).status).toBe(204);
  expect((await ask('PUT', at('/devices'), { ...device, hubId: it.otherHome.hubId })).status).toBe(404);
  expect(await file()).toMatchObject({
    residents: [{ name: 'Changed', birthYear: 1940 }, { name: 'Resident 0' }],
    contacts: [{ name: 'Contact 0' }, { name: 'Son' }],
    pauses: [{ id: pause.id }],
    devices: [{ key: 'button', name: 'Red button', room: 'bath' }],
  });
  it.clock.forward(1);
  for (const part of [`/residents/${resident.id}`, `/contacts/${contact.id}`, `/pauses/${pause.id}`]) {
    expect((await ask('DELETE', at(part))).status).toBe(204);
    expect((await ask('DELETE', at(part))).status).toBe(404);
  }
  expect(await file()).toMatchObject({
    residents: [{ name: 'Resident 0' }],
    contacts: [{ name: 'Contact 0' }],
    pauses: [],
  });
});

test('a hub gets its key once, has at most two, and loses the oldest first', async () => {
  const hub = { clientId: 'hub-new', ecosystem: 'zigbee2mqtt', power: 'battery' };
  const added = hubKeyAnswer.parse((await ask('POST', at('/hubs'), hub)).body);
  expect(added).toMatchObject({ clientId: 'hub-new', username: 'hub-new', key: expect.stringMatching(/^[\w-]{43}$/) });
  expect(await ask('POST', at('/hubs'), hub)).toMatchObject({
    status: 409,
    body: { code: 'client_id_taken', details: [{ path: 'clientId', message: 'hub-new' }] },
  });
  for (let n = 0; n < 3; n++) {
    it.clock.forward(1);
    expect((await ask('POST', `/api/hubs/${added.hubId}/keys`)).status).toBe(201);
  }
  const keys = async () => (await file()).hubs.find(({ id }) => id === added.hubId)?.activeKeys;
  expect(await keys()).toBe(2);
  await ask('DELETE', `/api/hubs/${added.hubId}/keys/oldest`);
  await ask('DELETE', `/api/hubs/${added.hubId}/keys/oldest`);
  expect(await keys()).toBe(0);
  expect((await ask('DELETE', `/api/hubs/${added.hubId}/keys/oldest`)).status).toBe(404);
});

const registration = (stationId: string, clientId: string, more: object = {}) => ({
  stationId,
  household: { name: `Of ${clientId}` },
  residents: [{ name: 'R' }],
  hub: { clientId, ecosystem: 'shouwang', power: 'mains' },
  ...more,
});

test('an installer registers a list of homes in one step, and hubs get in at once', async () => {
  let told = 0;
  it.nudge.on('registry', () => told++);
  const installer = await it.logIn('installer', it.north);
  const registrations = Array.from({ length: 500 }, (_, n) => registration(it.north, `new-${n}`));
  const answer = await it.ask('POST', '/api/registrations', { cookie: installer.cookie, body: { registrations } });
  const { registered } = registrationsAnswer.parse(answer.body);
  expect(registered).toHaveLength(500);
  expect(registered[499]).toMatchObject({ clientId: 'new-499', username: 'new-499', key: expect.any(String) });
  expect(told).toBe(1);
  const { hubs } = await it.store.hubsSince({ revision: 0, limit: 1_000 });
  expect(hubs.filter(({ clientId }) => clientId.startsWith('new-'))).toHaveLength(500);
  const tooMany = [...registrations, registration(it.north, 'one-too-many')];
  expect((await ask('POST', '/api/registrations', { registrations: tooMany })).status).toBe(400);
});

test('a list with a mistake registers nobody and says in which row it is', async () => {
  const good = registration(it.north, 'good');
  const post = (second: object) => ask('POST', '/api/registrations', { registrations: [good, second] });
  const complaint = async (second: object) => {
    const { status, body } = await post(second);
    const [first] = body.details as { path: string }[];
    return `${status} ${body.code} ${first?.path}`;
  };
  expect(await complaint(registration(it.north, 'bad id!'))).toBe('400 invalid registrations.1.hub.clientId');
  expect(await complaint(registration('nowhere', 'b'))).toBe('404 not_found registrations.1.stationId');
  expect(await complaint(registration('root', 'b'))).toBe('404 not_found registrations.1.stationId');
  expect(await complaint(registration(it.north, 'hub-0'))).toBe('409 client_id_taken registrations.1.hub.clientId');
  expect(await complaint(registration(it.north, 'good'))).toBe('409 client_id_taken registrations.1.hub.clientId');
  const devices = [{ key: 'k', name: '', room: '', class: 'motion' }];
  expect(await complaint(registration(it.north, 'b', { hub: null, devices }))).toBe(
    '400 invalid registrations.1.devices',
  );
  expect(await complaint(registration(it.north, 'b', { devices: [...devices, ...devices] }))).toBe(
    '400 invalid registrations.1.devices.1.key',
  );
  expect(householdsAnswer.parse((await ask('GET', '/api/households')).body).total).toBe(2);
});

test('areas are added below larger ones; webhooks show their secret once', async () => {
  const add = (kind: string, parentId: string) => ask('POST', '/api/areas', { kind, parentId, name: 'A' });
  const street = (await add('street', 'root')).body.area as { id: string };
  expect((await add('station', street.id)).status).toBe(201);
  expect(await add('district', street.id)).toMatchObject({ status: 400, body: { details: [{ path: 'kind' }] } });
  expect((await add('station', it.north)).status).toBe(400);
  const hook = await ask('POST', '/api/webhooks', {
    areaId: it.north,
    audience: 'hotline',
    url: 'https://12349.example/in',
  });
  expect(hook).toMatchObject({ status: 201, body: { secret: expect.stringMatching(/^[\w-]{43}$/) } });
  const { id } = hook.body.webhook as { id: string };
  expect(JSON.stringify((await ask('GET', '/api/webhooks')).body)).not.toContain(String(hook.body.secret));
  expect((await ask('DELETE', `/api/webhooks/${id}`)).status).toBe(204);
  expect((await ask('DELETE', `/api/webhooks/${id}`)).status).toBe(404);
});

test('the state of the system is that of what one may see', async () => {
  const state = systemAnswer.parse((await ask('GET', '/api/system')).body);
  expect(state).toMatchObject({ serverAt: T0, households: { live: 2 }, hubs: { neverHeard: 2 }, unreadable: [] });
  const desk = await it.logIn('operator', it.north);
  expect((await it.ask('GET', '/api/system', { cookie: desk.cookie })).body).toMatchObject({ households: { live: 1 } });
});
