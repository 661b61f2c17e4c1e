import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { handshakesInTurn } from './mqtt-handshakes.ts';

let server: Server;
let sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  server.close();
});

async function stand(begin: (socket: Socket) => void, silentMs = 60_000) {
  const shake = handshakesInTurn(begin, silentMs);
  server = createServer((socket) => {
    sockets.push(socket);
    shake(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (words: string): Socket => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.write(words));
    socket.on('error', () => {});
    sockets.push(socket);
    return socket;
  };
}

test('a few begin in each turn of the loop, each with what it has said', async () => {
  let turn = 0;
  let counting = true;
  const count = (): void => {
    turn++;
    if (counting) setImmediate(count);
  };
  const begun: { turn: number; words: string }[] = [];
  const dial = await stand((socket) => begun.push({ turn, words: String(socket.read()) }));
  count();
  for (let n = 0; n < 50; n++) dial(`hello ${n}`);
  await vi.waitFor(() => expect(begun).toHaveLength(50));
  counting = false;
  expect(new Set(begun.map(({ words }) => words)).size).toBe(50);
  expect(Math.max(...[...Map.groupBy(begun, (it) => it.turn).values()].map((of) => of.length))).toBeLessThanOrEqual(8);
});

test('who says nothing is closed in time, and costs no handshake', async () => {
  const begun: Socket[] = [];
  const dial = await stand((socket) => begun.push(socket), 50);
  await once(dial('').resume(), 'close');
  expect(begun).toEqual([]);
});
