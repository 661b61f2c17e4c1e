import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts';

let server: Server;
let proxy: TcpProxy;
/** The server's ends, in the order of arrival. */
let ends: Socket[];
let sockets: Socket[];
beforeEach(async () => {
  ends = [];
  sockets = [];
  server = createServer((socket) => {
    socket.on('error', () => {});
    ends.push(socket);
    socket.on('data', (chunk) => socket.write(chunk));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  proxy = await tcpProxy({ port: address !== null && typeof address === 'object' ? address.port : 0 });
});
afterEach(async () => {
  for (const socket of [...sockets, ...ends]) socket.destroy();
  await proxy.close();
  server.close();
});

async function dialled() {
  const socket = connect(proxy.port, '127.0.0.1');
  sockets.push(socket);
  const it = { socket, heard: '', closed: '' };
  socket.on('data', (chunk) => {
    it.heard += chunk;
  });
  socket.on('error', () => {
    it.closed = 'error';
  });
  socket.on('close', () => {
    it.closed ||= 'end';
  });
  await once(socket, 'connect');
  return it;
}

test('it carries both ways, and an end', async () => {
  const one = await dialled();
  one.socket.write('a');
  await vi.waitFor(() => expect(one.heard).toBe('a'));
  one.socket.end('b');
  await vi.waitFor(() => expect(one).toMatchObject({ heard: 'ab', closed: 'end' }));
  await vi.waitFor(() => expect(proxy.connections()).toBe(0));
});

test('frozen, it passes nothing and tells of no end; thawed, all of it in order', async () => {
  const [one, other] = [await dialled(), await dialled()];
  for (const { socket } of [one, other]) socket.write('1');
  await vi.waitFor(() => expect(one.heard + other.heard).toBe('11'));
  proxy.freeze();
  one.socket.write('2');
  ends[1]!.end('bye');
  const late = await dialled();
  late.socket.write('late');
  await new Promise((resolve) => setImmediate(resolve));
  expect([one.heard, other.heard, other.closed, ends.length]).toEqual(['1', '1', '', 2]);
  one.socket.write('3');
  proxy.thaw();
  await vi.waitFor(() => expect(one.heard).toBe('123'));
  await vi.waitFor(() => expect(other).toMatchObject({ heard: '1bye', closed: 'end' }));
  await vi.waitFor(() => expect(late.heard).toBe('late'));
});

test('frozen one way, the question arrives and the answer does not', async () => {
  const one = await dialled();
  proxy.freeze('down');
  const arrived = vi.waitFor(() => once(ends[0]!, 'data'));
  await vi.waitFor(() => expect(ends).toHaveLength(1));
  one.socket.write('?');
  expect(String((await arrived)[0])).toBe('?');
  expect(one.heard).toBe('');
  proxy.thaw();
  await vi.waitFor(() => expect(one.heard).toBe('?'));
});

test('what is forgotten stays dead without a word, and new connections pass', async () => {
  const old = await dialled();
  await vi.waitFor(() => expect(ends).toHaveLength(1));
  proxy.forget();
  old.socket.write('lost');
  ends[0]!.end();
  const fresh = await dialled();
  fresh.socket.write('new');
  await vi.waitFor(() => expect(fresh.heard).toBe('new'));
  expect(old).toMatchObject({ heard: '', closed: '' });
});

test('a delay is one of time, not of speed', async () => {
  const one = await dialled();
  proxy.delay(100);
  const from = performance.now();
  for (let n = 0; n < 10; n++) {
    one.socket.write(String(n));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await vi.waitFor(() => expect(one.heard).toBe('0123456789'), { timeout: 5_000 });
  expect(performance.now() - from).toBeGreaterThan(200);
});

test('cut, both ends are reset; refused, whoever dials as well, until they are admitted', async () => {
  const one = await dialled();
  await vi.waitFor(() => expect(ends).toHaveLength(1));
  proxy.refuse();
  await vi.waitFor(() => expect(ends[0]!.destroyed).toBe(true));
  await vi.waitFor(() => expect(one.closed).toBe('error'));
  const refused = await dialled().catch(() => null);
  await vi.waitFor(() => expect(refused?.closed ?? 'error').not.toBe(''));
  proxy.admit();
  const admitted = await dialled();
  admitted.socket.write('hello');
  await vi.waitFor(() => expect(admitted.heard).toBe('hello'));
});
