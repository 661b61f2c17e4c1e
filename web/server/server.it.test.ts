import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import type { Log } from '../../runtime/log.ts';
import { silentLog } from '../../runtime/log.ts';
import { temporaryFolder } from '../../test/memory.ts';
import { type Rehearsal, rehearse } from '../../test/rehearsal.ts';
import { listen } from './listen.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
async function started(options: Parameters<typeof rehearse>[0] = {}): Promise<Rehearsal> {
  const it = await rehearse(options);
  ends.push(it.stop);
  return it;
}

const json = { 'content-type': 'application/json' };
const english = { 'accept-language': 'en' };

type Sent = { readonly headers?: Record<string, string>; readonly body?: string };

test.each<[string, Sent, number, string]>([
  ['malformed JSON', { headers: json, body: '{"login":' }, 400, 'malformed_json'],
  ['an empty body', { headers: json, body: '' }, 400, 'malformed_json'],
  ['no body at all', {}, 400, 'invalid'],
  [
    'something that is not JSON',
    { headers: { 'content-type': 'text/csv' }, body: 'a,b' },
    415,
    'unsupported_media_type',
  ],
  ['a body beyond 1 MB', { headers: json, body: JSON.stringify({ login: 'x'.repeat(1_100_000) }) }, 413, 'too_large'],
  ['the wrong shape', { headers: json, body: '{"login":5}' }, 400, 'invalid'],
  ['a NUL', { headers: json, body: '{"login":"a\\u0000"}' }, 400, 'invalid'],
  ['a prototype in disguise', { headers: json, body: '{"__proto__":{"login":"x"}}' }, 400, 'malformed_json'],
])('%s gets a clean answer that says what to do', async (_, asked, status, code) => {
  const it = await started();
  const answer = await it.ask('POST', '/api/session/password', { ...asked, headers: { ...english, ...asked.headers } });
  expect(answer).toMatchObject({ status, body: { code, message: expect.stringMatching(/^[A-Z].*[.;]/) } });
});

test('a NUL in an address is refused in words', async () => {
  const it = await started();
  const answer = await it.ask('GET', '/api/households?search=%00', { headers: english });
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid' } });
});

test('an address that cannot be read is refused in words too', async () => {
  const it = await started();
  for (const url of ['/api/households/%zz', '/api/households/%ed%a0%80/pauses', '/%']) {
    const answer = await it.ask('GET', url, { headers: english });
    expect(answer).toEqual({
      ...answer,
      status: 400,
      body: { code: 'bad_request', message: expect.any(String), details: [] },
    });
  }
});

test('a complaint names the field and what is expected, in the language of whoever asks', async () => {
  const it = await started();
  const post = (language: string) =>
    it.ask('POST', '/api/session/password', {
      headers: { 'accept-language': language },
      body: { login: '', password: 5 },
    });
  const { body } = await post('en-US,en;q=0.9');
  expect(body).toMatchObject({ code: 'invalid', message: expect.stringContaining('each detail') });
  expect((body.details as { path: string }[]).map(({ path }) => path)).toEqual(['login', 'password']);
  expect((await post('zh-CN,en;q=0.3')).body.message).toContain('请按各项提示更正');
  expect((await post('fr')).body.message).toContain('请按各项提示更正');
});

test('an error of ours is logged with its cause and answered with a number to quote, without its words', async () => {
  const logged: object[] = [];
  const log = { ...silentLog, error: (entry: object) => logged.push(entry) } as unknown as Log;
  const it = await started({ deps: { log } });
  const { cookie } = await it.logIn('operator', it.north);
  const cause = new Error('disk on fire at /var/secret');
  Object.assign(it.store, { queue: () => Promise.reject(cause) });
  const answer = await it.ask('GET', '/api/alerts', { cookie, headers: english });
  expect(answer).toMatchObject({ status: 500, body: { code: 'unknown', details: [] } });
  expect(JSON.stringify(answer.body)).not.toContain('secret');
  const [quoted] = String(answer.body.message).match(/[0-9a-f]{8}$/) ?? [];
  expect(logged).toMatchObject([{ err: cause, quote: quoted, route: '/api/alerts' }]);
});

test('headers beyond all measure get a clean refusal', async () => {
  const it = await started();
  const { url } = await listen(it.app, { host: '127.0.0.1', port: 0 });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => {});
  socket.write(`GET / HTTP/1.1\r\nhost: x\r\ncookie: ${'x'.repeat(40_000)}\r\n\r\n`);
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  expect(answer).toContain('"code":"headers_too_large"');
});

test('what is not there is not found, in our words', async () => {
  const it = await started();
  for (const url of ['/api/nothing', '/api', '/health/nothing', '/missing.js']) {
    expect(await it.ask('GET', url)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  }
  expect(await it.ask('POST', '/anything')).toMatchObject({ status: 404 });
});

test('the API describes itself by OpenAPI 3.1, each route with its answer and its errors', async () => {
  const it = await started();
  const { body, status } = await it.ask('GET', '/api/openapi.json');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    openapi: '3.1.1',
    paths: {
      '/api/alerts/{id}/act': { post: { requestBody: {}, responses: { 200: {}, '4XX': {} } } },
      '/api/registrations': { post: { responses: { 201: {} } } },
    },
  });
  expect(Object.keys(body.paths as object).length).toBeGreaterThan(25);
  const docs = await it.ask('GET', '/api/docs/');
  expect(docs).toMatchObject({ status: 200, body: { text: expect.stringContaining('swagger-ui') } });
});

test('pages may load what is ours and be framed by nobody', async () => {
  const it = await started();
  const { headers } = await it.ask('GET', '/api/session');
  const policy = String(headers['content-security-policy']);
  for (const rule of [
    "default-src 'self'",
    "frame-ancestors 'none'",
    "style-src 'self' 'unsafe-inline'",
    "connect-src 'self' ws: wss:",
  ]) {
    expect(policy).toContain(rule);
  }
  expect(policy).not.toContain('upgrade-insecure-requests');
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
});

test('every address of the screens is their page; assets stay good, the page is asked for each time', async () => {
  const folder = temporaryFolder();
  ends.push(folder.remove);
  mkdirSync(join(folder.path, 'assets'));
  writeFileSync(join(folder.path, 'index.html'), '<title>守望</title>');
  writeFileSync(join(folder.path, 'assets', 'app-1234.js'), 'export {}');
  const it = await started({ deps: { screens: folder.path } });
  for (const url of ['/', '/login', '/households/1', '/?state=open']) {
    const page = await it.ask('GET', url);
    expect(page).toMatchObject({ status: 200, body: { text: '<title>守望</title>' } });
    expect(page.headers['cache-control']).toBe('no-cache');
  }
  const asset = await it.ask('GET', '/assets/app-1234.js');
  expect(asset.headers['cache-control']).toContain('immutable');
  expect((await it.ask('GET', '/assets/app-0000.js')).status).toBe(404);
  expect((await it.ask('GET', '/../../etc/passwd')).body.text ?? '').not.toContain('root:');
});

test('without built screens a page says so, and the API works', async () => {
  const it = await started();
  expect(await it.ask('GET', '/login', { headers: english })).toMatchObject({
    status: 503,
    body: { code: 'screens_missing', message: expect.stringContaining('npm start') },
  });
});

test('ready says why it is not', async () => {
  const reasons = ['intake: disk full'];
  const it = await started({ deps: { unready: () => reasons } });
  expect((await it.ask('GET', '/health/live')).status).toBe(200);
  expect(await it.ask('GET', '/health/ready')).toMatchObject({ status: 503, body: { ready: false, reasons } });
  reasons.pop();
  expect(await it.ask('GET', '/health/ready')).toMatchObject({ status: 200, body: { ready: true } });
});

test('while the database does not answer, an answer says so and when to come again; and the process is not ready', async () => {
  const gone = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const store = new Proxy({}, { get: () => () => Promise.reject(gone) }) as Rehearsal['store'];
  const it = await started({ deps: { store } });
  const body = JSON.stringify({ login: 'a', password: 'b' });
  const answer = await it.ask('POST', '/api/session/password', { headers: { ...json, ...english }, body });
  expect(answer).toMatchObject({
    status: 503,
    headers: { 'retry-after': '5' },
    body: { code: 'unavailable', message: expect.stringContaining('database does not answer') },
  });
  expect(await it.ask('GET', '/health/ready')).toMatchObject({
    status: 503,
    body: { reasons: ['the database does not answer'] },
  });
});
