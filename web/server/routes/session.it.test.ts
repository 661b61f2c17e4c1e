import { afterEach, beforeEach, expect, test } from 'vitest';
import { hashOfKey } from '../../../store/hub.ts';
import { type Rehearsal, rehearse, T0 } from '../../../test/rehearsal.ts';
import { firstOwnerLink } from '../first-owner.ts';

let it: Rehearsal;
beforeEach(async () => {
  it = await rehearse();
});
afterEach(() => it.stop());

const cookieOf = ({ headers }: { headers: Record<string, unknown> }): string => String(headers['set-cookie']);
const sent = (cookie: string): string => cookie.split(';')[0] ?? '';
const english = { 'accept-language': 'en-GB,en;q=0.9,zh;q=0.5' };

async function invited(login: string): Promise<string> {
  const owner = await it.logIn('owner', 'root');
  const body = { login, name: login, role: 'operator', areaId: it.north };
  const answer = await it.ask('POST', '/api/users', { cookie: owner.cookie, body });
  expect(answer.status).toBe(201);
  return String(answer.body.link).split('#token=')[1] ?? '';
}

async function withPassword(login: string, password: string): Promise<string> {
  const token = await invited(login);
  const cookie = sent(cookieOf(await it.ask('POST', '/api/session/link', { body: { token } })));
  expect((await it.ask('POST', '/api/session/own-password', { cookie, body: { password } })).status).toBe(204);
  return cookie;
}

test('asking who is logged in is never an error', async () => {
  expect(await it.ask('GET', '/api/session')).toMatchObject({ status: 200, body: { loggedIn: null } });
  expect(await it.ask('GET', '/api/session', { cookie: 'shouwang-session=made-up' })).toMatchObject({
    body: { loggedIn: null },
  });
});

test('a new user comes in by a link, once, and stays in by a cookie that no script and no other site can use', async () => {
  const token = await invited('Anna');
  const answer = await it.ask('POST', '/api/session/link', { body: { token } });
  expect(answer).toMatchObject({ status: 200, body: { loggedIn: { login: 'anna', role: 'operator' } } });
  expect(cookieOf(answer)).toMatch(/^shouwang-session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/);
  expect(await it.ask('POST', '/api/session/link', { body: { token } })).toMatchObject({
    status: 401,
    body: { code: 'link_used' },
  });
  const cookie = sent(cookieOf(answer));
  expect(await it.ask('GET', '/api/session', { cookie })).toMatchObject({ body: { loggedIn: { login: 'anna' } } });
});

test('over https the cookie is bound to this host and to https', async () => {
  const token = await invited('anna');
  const answer = await it.ask('POST', '/api/session/link', {
    body: { token },
    headers: { 'x-forwarded-proto': 'https' },
  });
  expect(cookieOf(answer)).toMatch(
    /^__Host-shouwang=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
  );
});

test('the token of a session is stored nowhere: only its hash', async () => {
  const cookie = sent(cookieOf(await it.ask('POST', '/api/session/link', { body: { token: await invited('anna') } })));
  const token = cookie.split('=')[1]!;
  expect(await it.store.sessionsHolding({ tokenHashes: [token, hashOfKey(token)], now: T0 })).toEqual([
    hashOfKey(token),
  ]);
});

test('an unknown login and a wrong password get the same answer', async () => {
  await withPassword('anna', 'correct horse battery');
  const attempt = (login: string, password: string) =>
    it.ask('POST', '/api/session/password', { body: { login, password }, headers: english });
  expect(await attempt('ANNA', 'correct horse battery')).toMatchObject({
    status: 200,
    body: { loggedIn: { login: 'anna' } },
  });
  const wrong = await attempt('anna', 'correct horse staple');
  const unknown = await attempt('nobody', 'correct horse battery');
  expect(wrong).toMatchObject({ status: 401, body: { code: 'wrong_credentials' } });
  expect(unknown.body).toEqual(wrong.body);
});

test('guessing is slowed down for a login from an address, and others are not', async () => {
  const attempt = (login: string, ip: string) =>
    it.ask('POST', '/api/session/password', {
      body: { login, password: 'wrong password' },
      headers: { 'x-forwarded-for': ip },
    });
  for (let n = 0; n < 10; n++) expect((await attempt('anna', '203.0.113.7')).status).toBe(401);
  const slowed = await attempt('Anna', '203.0.113.7');
  expect(slowed).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } });
  expect(Number(slowed.headers['retry-after'])).toBeGreaterThan(0);
  expect((await attempt('anna', '203.0.113.8')).status).toBe(401);
  expect((await attempt('bert', '203.0.113.7')).status).toBe(401);
});

test('logging out ends the session on the server, not only the cookie', async () => {
  const { cookie } = await it.logIn('operator', it.north);
  const answer = await it.ask('DELETE', '/api/session', { cookie });
  expect(answer.status).toBe(204);
  expect(cookieOf(answer)).toContain('Max-Age=0');
  expect((await it.ask('GET', '/api/alerts', { cookie })).status).toBe(401);
});

test('a session that is used goes on, and an idle one ends after twelve hours', async () => {
  const { cookie } = await it.logIn('operator', it.north);
  const works = async () => (await it.ask('GET', '/api/alerts', { cookie })).status === 200;
  for (let hours = 0; hours < 48; hours += 8) {
    expect(await works()).toBe(true);
    it.clock.forward(8 * 3_600_000);
  }
  it.clock.forward(5 * 3_600_000);
  expect(await works()).toBe(false);
});

test('a new password ends the other sessions', async () => {
  const first = await withPassword('anna', 'correct horse battery');
  const second = sent(
    cookieOf(
      await it.ask('POST', '/api/session/password', { body: { login: 'anna', password: 'correct horse battery' } }),
    ),
  );
  await it.ask('POST', '/api/session/own-password', { cookie: second, body: { password: 'another long one' } });
  expect((await it.ask('GET', '/api/alerts', { cookie: first })).status).toBe(401);
  expect((await it.ask('GET', '/api/alerts', { cookie: second })).status).toBe(200);
});

test('an owner gives a new link; the login and the place of a new user are checked', async () => {
  const owner = await it.logIn('owner', it.north);
  const desk = await it.logIn('operator', it.north);
  const link = await it.ask('POST', `/api/users/${desk.id}/link`, {
    cookie: owner.cookie,
    headers: { host: 'care.example' },
  });
  expect(link).toMatchObject({ status: 201, body: { user: { login: desk.login } } });
  expect(link.body.link).toMatch(/^http:\/\/care\.example\/login#token=[\w-]{43}$/);
  const add = (body: Record<string, unknown>) =>
    it.ask('POST', '/api/users', { cookie: owner.cookie, body: { name: 'N', ...body } });
  expect(await add({ login: desk.login, role: 'operator', areaId: it.north })).toMatchObject({
    status: 409,
    body: { code: 'login_taken' },
  });
  // In small letters it has twice as many.
  expect((await add({ login: 'İ'.repeat(40), role: 'operator', areaId: it.north })).status).toBe(400);
  expect(await add({ login: 'son', role: 'family', areaId: it.north })).toMatchObject({
    status: 400,
    body: { details: [{ path: 'householdId' }] },
  });
  expect((await add({ login: 'two', role: 'operator', areaId: it.north, householdId: it.home.id })).status).toBe(400);
  expect((await add({ login: 'none', role: 'operator' })).status).toBe(400);
  expect((await add({ login: 'son', role: 'family', householdId: it.home.id })).status).toBe(201);
  const users = (await it.ask('GET', '/api/users', { cookie: owner.cookie })).body.users as { login: string }[];
  expect(users.map(({ login }) => login)).toEqual([desk.login, owner.login, 'son'].toSorted());
});

test('a first start prints a link for the owner, and so does each until the owner has come in', async () => {
  const first = await firstOwnerLink(it.store, 'https://care.example/', T0);
  const second = await firstOwnerLink(it.store, 'https://care.example/', T0);
  expect(second).toMatch(/^https:\/\/care\.example\/login#token=[\w-]{43}$/);
  const use = (link: string | null) => it.ask('POST', '/api/session/link', { body: { token: link?.split('=')[1] } });
  expect((await use(first)).status).toBe(401);
  expect(await use(second)).toMatchObject({ status: 200, body: { loggedIn: { login: 'owner', role: 'owner' } } });
  expect(await firstOwnerLink(it.store, 'https://care.example/', T0)).toBeNull();
});
