import { once } from 'node:events';
import { request as plainRequest } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Certificate, siteCertificate } from '../../runtime/certificate.ts';
import { ConfigError, readConfig } from '../../runtime/config.ts';
import { hashOfKey } from '../../store/hub.ts';
import { temporaryFolder } from '../../test/memory.ts';
import { type Rehearsal, rehearse } from '../../test/rehearsal.ts';
import { isLoopback, listen, secureServer } from './listen.ts';

let certificate: Certificate;
const running: Rehearsal[] = [];
beforeAll(async () => {
  const folder = temporaryFolder();
  certificate = await siteCertificate(readConfig({ SHOUWANG_DATA_DIR: folder.path }), Date.now());
  folder.remove();
});
afterEach(async () => {
  for (const it of running.splice(0)) await it.stop();
});

async function secured(): Promise<{ it: Rehearsal; port: number }> {
  const it = await rehearse({ serverFactory: secureServer(certificate) });
  running.push(it);
  const { url } = await listen(it.app, { host: '127.0.0.1', port: 0 });
  return { it, port: Number(new URL(url).port) };
}

async function answered(asked: ReturnType<typeof request>) {
  const [response] = await once(asked.end(), 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

test('by TLS the API answers, and gives its cookie for https only', async () => {
  const { it, port } = await secured();
  const { id } = await it.logIn('operator', it.north);
  await it.store.addLink({
    userId: id,
    linkHash: hashOfKey('t'.repeat(43)),
    now: it.clock.now(),
  });
  const asked = request({
    port,
    host: '127.0.0.1',
    ca: certificate.cert,
    method: 'POST',
    path: '/api/session/link',
    headers: { 'content-type': 'application/json' },
  });
  asked.write(JSON.stringify({ token: 't'.repeat(43) }));
  const { status, headers } = await answered(asked);
  expect(status).toBe(200);
  expect(headers['set-cookie']?.[0]).toMatch(/^__Host-shouwang=.*; Secure/);
});

test('a WebSocket goes through the same door', async () => {
  const { it, port } = await secured();
  const { cookie } = await it.logIn('operator', it.north);
  const headers = {
    cookie: cookie.replace('shouwang-session', '__Host-shouwang'),
    origin: `https://127.0.0.1:${port}`,
  };
  const socket = new WebSocket(`wss://127.0.0.1:${port}/api/live`, { headers, ca: certificate.cert });
  const [data] = await once(socket, 'message');
  expect(JSON.parse(String(data))).toMatchObject({ kind: 'hello' });
  socket.terminate();
});

test('who comes without TLS is told where to go, in both languages, and not let in', async () => {
  const { port } = await secured();
  const { status, body, headers } = await answered(plainRequest({ port, host: '127.0.0.1', path: '/api/session' }));
  expect(status).toBe(426);
  expect(headers['content-type']).toContain('text/html');
  expect(body).toContain(`https://127.0.0.1:${port}/`);
  expect(body).toContain('https');
  expect(body).toMatch(/请打开[\s\S]*Open/);
  const odd = await answered(plainRequest({ port, host: '127.0.0.1', headers: { host: '"><script>' } }));
  expect(odd.body).not.toContain('<script>');
});

test('who says nothing, or nonsense, or leaves at once harms nobody', async () => {
  const { port } = await secured();
  const silent = connect(port, '127.0.0.1');
  await once(silent, 'connect');
  silent.resetAndDestroy();
  const nonsense = connect(port, '127.0.0.1');
  nonsense.on('error', () => {}).write('\x16\x03nonsense that is no handshake\r\n\r\n');
  nonsense.resume();
  await once(nonsense, 'close');
  const { status } = await answered(request({ port, host: '127.0.0.1', ca: certificate.cert, path: '/health/live' }));
  expect(status).toBe(200);
});

test('a port in use is said in the words of the settings', async () => {
  const first = await rehearse();
  const second = await rehearse();
  running.push(first, second);
  const { url } = await listen(first.app, { host: '127.0.0.1', port: 0 });
  const port = Number(new URL(url).port);
  const refused = listen(second.app, { host: '127.0.0.1', port });
  await expect(refused).rejects.toThrow(ConfigError);
  await expect(refused).rejects.toThrow(`SHOUWANG_HTTP_PORT ${port} is in use on 127.0.0.1`);
});

test.each([
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['192.168.1.5', false],
])('%s is loopback: %s', (host, is) => {
  expect(isLoopback(host)).toBe(is);
});
