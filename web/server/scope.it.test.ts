import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SYSTEM_HOUSEHOLD } from '../../domain/household.ts';
import { role as roles } from '../../domain/user.ts';
import { type Rehearsal, rehearse } from '../../test/rehearsal.ts';
import type { Deps } from './deps.ts';
import { guardRoutes } from './scope.ts';

let it: Rehearsal;
let alertId: string;
let routes: string[];

beforeAll(async () => {
  it = await rehearse();
  alertId = (await it.raise('sos', it.home.id, it.home.hubId)).id;
  routes = listed(it.app.printRoutes({ commonPrefix: false, includeHooks: false }));
});
afterAll(() => it.stop());

/** `METHOD url` of every route, out of Fastify's own drawing of its tree. */
function listed(drawing: string): string[] {
  const path: string[] = [];
  return drawing.split('\n').flatMap((line) => {
    const [, indent = '', part = '', methods] = /^([│ ]*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/.exec(line) ?? [];
    if (!part) return [];
    path.splice(indent.length / 4);
    path.push(part);
    return (methods ?? '')
      .split(', ')
      .filter(Boolean)
      .map((method) => `${method} ${path.join('')}`);
  });
}

const resident = { name: 'N' };
const contact = { name: 'N', phone: '12345', rank: 1 };
const pause = { kind: 'absence', fromAt: 0, toAt: 9e12, reason: '' };

/** What to send where, so that only the scope can be the reason of a refusal. Ids are those of the first home, at North. */
const bodies: Record<string, () => unknown> = {
  'POST /api/alerts/:id/act': () => ({ version: 1, action: { kind: 'take' } }),
  'PATCH /api/households/:id': () => ({ name: 'changed' }),
  'POST /api/households/:id/residents': () => resident,
  'PUT /api/households/:id/residents/:partId': () => resident,
  'POST /api/households/:id/contacts': () => contact,
  'PUT /api/households/:id/contacts/:partId': () => contact,
  'PUT /api/households/:id/devices': () => ({ hubId: it.home.hubId, key: 'k', name: '', room: '', class: 'other' }),
  'POST /api/households/:id/hubs': () => ({ clientId: 'new', ecosystem: 'shouwang', power: 'mains' }),
  'POST /api/households/:id/pauses': () => pause,
  'POST /api/hubs/:id/commands': () => ({ topic: 't', payload: '{}' }),
  'POST /api/registrations': () => ({ registrations: [{ stationId: it.north, household: { name: 'H' } }] }),
  'POST /api/areas': () => ({ kind: 'station', parentId: it.north, name: 'A' }),
  'POST /api/users': () => ({ login: 'mallory', name: 'M', role: 'operator', areaId: it.north }),
  'POST /api/webhooks': () => ({ areaId: it.north, audience: 'hotline', url: 'https://elsewhere.example/' }),
};

/** Routes about one thing, with its address. */
const things: Record<string, () => string> = {
  'GET /api/alerts/:id': () => `/api/alerts/${alertId}`,
  'POST /api/alerts/:id/act': () => `/api/alerts/${alertId}/act`,
  'GET /api/households/:id': () => `/api/households/${it.home.id}`,
  'PATCH /api/households/:id': () => `/api/households/${it.home.id}`,
  'POST /api/households/:id/access': () => `/api/households/${it.home.id}/access`,
  'GET /api/households/:id/timeline': () => `/api/households/${it.home.id}/timeline`,
  'GET /api/households/:id/series': () => `/api/households/${it.home.id}/series?kind=motion&from=0&to=9&size=60`,
  'POST /api/households/:id/residents': () => `/api/households/${it.home.id}/residents`,
  'PUT /api/households/:id/residents/:partId': () => `/api/households/${it.home.id}/residents/r`,
  'DELETE /api/households/:id/residents/:partId': () => `/api/households/${it.home.id}/residents/r`,
  'POST /api/households/:id/contacts': () => `/api/households/${it.home.id}/contacts`,
  'PUT /api/households/:id/contacts/:partId': () => `/api/households/${it.home.id}/contacts/c`,
  'DELETE /api/households/:id/contacts/:partId': () => `/api/households/${it.home.id}/contacts/c`,
  'PUT /api/households/:id/devices': () => `/api/households/${it.home.id}/devices`,
  'POST /api/households/:id/hubs': () => `/api/households/${it.home.id}/hubs`,
  'POST /api/households/:id/pauses': () => `/api/households/${it.home.id}/pauses`,
  'DELETE /api/households/:id/pauses/:partId': () => `/api/households/${it.home.id}/pauses/p`,
  'POST /api/hubs/:id/keys': () => `/api/hubs/${it.home.hubId}/keys`,
  'POST /api/hubs/:id/commands': () => `/api/hubs/${it.home.hubId}/commands`,
  'GET /api/hubs/:id/commands': () => `/api/hubs/${it.home.hubId}/commands`,
  'DELETE /api/hubs/:id/keys/oldest': () => `/api/hubs/${it.home.hubId}/keys/oldest`,
  'POST /api/registrations': () => '/api/registrations',
  'POST /api/areas': () => '/api/areas',
  'POST /api/users': () => '/api/users',
  'POST /api/users/:id/link': () => `/api/users/${victim}/link`,
  'POST /api/webhooks': () => '/api/webhooks',
  'DELETE /api/webhooks/:id': () => `/api/webhooks/${webhook}`,
};
let victim = '';
let webhook = '';

/** Lists, held to the user's scope by the statement: a stranger gets an empty one, or is refused. */
const lists: Record<string, string> = {
  'GET /api/alerts': '/api/alerts?state=unclosed',
  'GET /api/households': '/api/households',
  'GET /api/users': '/api/users',
  'GET /api/webhooks': '/api/webhooks',
  'GET /api/areas': '/api/areas',
  'GET /api/system': '/api/system',
};
/** About nobody but the one who asks. */
const own = [
  'DELETE /api/session',
  'POST /api/session/own-password',
  'POST /api/notices/shown',
  'GET /api/live',
  'GET /metrics',
];
/** For anybody. */
const open = [
  'GET /api/session',
  'POST /api/session/password',
  'POST /api/session/link',
  'GET /api/openapi.json',
  'GET /health/live',
  'GET /health/ready',
];

const isPlugins = (route: string): boolean => /^\w+ \/(api\/docs|api\/\*)/.test(route) || /^\w+ \/?\*?$/.test(route);

test('every route has a case here, and every case is a route', () => {
  const cases = [...Object.keys(things), ...Object.keys(lists), ...own, ...open];
  expect(routes.filter((route) => !isPlugins(route)).toSorted()).toEqual(cases.toSorted());
});

test('a route that does not say who may ask it stops the start', () => {
  const app = fastify();
  guardRoutes(app, {} as Deps);
  expect(() => app.get('/api/open-door', async () => 'come in')).toThrow('GET /api/open-door does not declare');
});

/** Everything that a stranger could have changed. */
async function everything(): Promise<string> {
  const scope = { areaId: 'root', householdId: null };
  const { store, clock } = it;
  return JSON.stringify([
    await store.householdFile({ id: it.home.id, now: clock.now() }),
    await store.households({ scope, search: '', limit: 100, offset: 0 }),
    (await store.users({ scope })).filter(({ login }) => !/-\d+$/.test(login)),
    await store.areas({ scope }),
    await store.webhooks({ scope }),
    await store.hubsSince({ revision: 0, limit: 100 }),
    await store.alertRecord({ id: alertId }),
    await store.commandsOf({ hubId: it.home.hubId, limit: 100, now: 0 }),
    await store.looksAt({ householdId: it.home.id, limit: 100 }),
  ]);
}

describe('of what belongs to one station', () => {
  let before: string;
  beforeAll(async () => {
    victim = (await it.logIn('operator', it.north)).id;
    webhook = (await it.store.addWebhook({ areaId: it.north, audience: 'hotline', url: 'https://a.example', now: 0 }))
      .webhook.id;
    before = await everything();
  });

  const attempts = (who: string) => [...Object.keys(things)].map((route) => [who, route] as const);

  test.each(attempts('anonymous'))('%s is kept out of %s', async (_, route) => {
    const method = route.split(' ')[0] as 'GET';
    const answer = await it.ask(method, things[route]!(), { body: bodies[route]?.() });
    expect(answer).toMatchObject({ status: 401, body: { code: 'not_logged_in' } });
  });

  test.each(roles.options.flatMap(attempts))(
    'a stranger who is %s elsewhere is kept out of %s',
    async (role, route) => {
      const { cookie } = await it.logIn(
        role as (typeof roles.options)[number],
        role === 'family' ? it.otherHome.id : it.south,
      );
      const method = route.split(' ')[0] as 'GET';
      const answer = await it.ask(method, things[route]!(), { cookie, body: bodies[route]?.() });
      expect([403, 404]).toContain(answer.status);
      expect(JSON.stringify(answer.body)).not.toContain('Home 0');
    },
  );

  test('and nothing has changed', async () => {
    expect(await everything()).toBe(before);
  });
});

test.each(Object.keys(lists))('%s shows a stranger nothing of another station', async (route) => {
  expect((await it.ask('GET', lists[route]!)).status).toBe(401);
  for (const role of roles.options) {
    const { cookie } = await it.logIn(role, role === 'family' ? it.otherHome.id : it.south);
    const answer = await it.ask('GET', lists[route]!, { cookie });
    expect([200, 403]).toContain(answer.status);
    const text = JSON.stringify(answer.body);
    for (const word of ['Home 0', 'North', it.home.id, alertId]) expect(text).not.toContain(word);
  }
});

test.each(own.filter((route) => route !== 'GET /metrics'))('%s is for those who are logged in', async (route) => {
  const [method, url] = route.split(' ') as ['GET', string];
  const body = method === 'GET' || method === ('DELETE' as string) ? undefined : {};
  expect(await it.ask(method, url, { body })).toMatchObject({ status: 401 });
});

test('metrics are for this machine and for owners', async () => {
  expect((await it.ask('GET', '/metrics')).status).toBe(200);
  const afar = { 'x-forwarded-for': '203.0.113.7' };
  expect((await it.ask('GET', '/metrics', { headers: afar })).status).toBe(401);
  const { cookie } = await it.logIn('operator', it.north);
  expect((await it.ask('GET', '/metrics', { headers: afar, cookie })).status).toBe(403);
  const owner = await it.logIn('owner', 'root');
  expect((await it.ask('GET', '/metrics', { headers: afar, cookie: owner.cookie })).status).toBe(200);
});

test('Shouwang itself is nobody’s home: an installer of the whole city cannot silence its incidents', async () => {
  const { cookie } = await it.logIn('installer', 'root');
  const url = `/api/households/${SYSTEM_HOUSEHOLD}`;
  expect(await it.ask('PATCH', url, { cookie, body: { mode: 'commissioning' } })).toMatchObject({ status: 404 });
  const incident = await it.raise('system', SYSTEM_HOUSEHOLD, '');
  const owner = await it.logIn('owner', 'root');
  expect((await it.ask('GET', `/api/alerts/${incident.id}`, { cookie: owner.cookie })).status).toBe(200);
});

test('whoever is refused an action is told who may do it', async () => {
  const { cookie } = await it.logIn('supervisor', it.north);
  const answer = await it.ask('POST', `/api/alerts/${alertId}/act`, {
    cookie,
    body: bodies['POST /api/alerts/:id/act']!(),
    headers: { 'accept-language': 'en' },
  });
  expect(answer.body).toMatchObject({
    code: 'not_allowed',
    message: expect.stringContaining('owner, operator, hotline'),
  });
});

test('a request from another site is refused whatever its cookie', async () => {
  const { cookie } = await it.logIn('operator', it.north);
  const act = (headers: Record<string, string>) =>
    it.ask('POST', `/api/alerts/${alertId}/act`, {
      cookie,
      headers,
      body: { version: 1, action: { kind: 'comment', text: 'x' } },
    });
  expect(await act({ origin: 'https://evil.example' })).toMatchObject({ status: 403, body: { code: 'wrong_origin' } });
  expect((await act({ origin: 'null' })).status).toBe(403);
  expect((await act({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect((await act({ origin: 'http://localhost:80', host: 'localhost:80' })).status).toBe(200);
  expect((await act({})).status).toBe(200);
});
