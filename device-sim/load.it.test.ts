import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { generate, type IPublishPacket, parser as mqttParser } from 'mqtt-packet';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { HubLine } from './hubs-csv.ts';
import { runLoad } from './load.ts';

const hubs: readonly HubLine[] = Array.from({ length: 5 }, (_, i) => ({
  clientId: `demo-${i}`,
  username: `demo-${i}`,
  password: 'key',
  topic: `sw/demo-${i}/up`,
}));

let server: Server;
let sockets: Socket[];
let heard: IPublishPacket[];
/** What the receiver does with a message before it answers; false: no answer at all. */
let answers: (packet: IPublishPacket, socket: Socket) => boolean;

beforeEach(async () => {
  sockets = [];
  heard = [];
  answers = () => true;
  server = createServer((socket) => {
    sockets.push(socket);
    const parser = mqttParser();
    socket.on('error', () => {});
    socket.on('data', (chunk) => parser.parse(chunk));
    parser.on('packet', (packet) => {
      if (packet.cmd === 'connect')
        socket.write(
          generate({
            cmd: 'connack',
            returnCode: packet.password?.toString() === 'key' ? 0 : 5,
            sessionPresent: false,
          }),
        );
      if (packet.cmd !== 'publish') return;
      heard.push(packet);
      if (answers(packet, socket)) socket.write(generate({ cmd: 'puback', messageId: packet.messageId ?? 0 }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

const target = () => ({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, hubs });
const seqOf = (packet: IPublishPacket) => Number(JSON.parse(packet.payload.toString()).seq);

it('keeps to its rate, counts every acknowledgement and presses the button as often as it was asked to', async () => {
  const result = await runLoad({ ...target(), rate: 500, seconds: 1, criticalPerMille: 100 });
  expect(result).toMatchObject({ clients: 5, connected: 5, unacked: 0, dead: 0 });
  expect(result.published).toBe(heard.length);
  expect(result.published).toBeGreaterThan(450);
  expect(result.published).toBeLessThanOrEqual(501);
  const emergencies = heard.filter(({ topic }) => topic.endsWith('/emergency')).length;
  expect(emergencies / heard.length).toBeCloseTo(0.1, 1);
});

it('never has more in flight than its window', async () => {
  answers = () => false;
  const result = await runLoad({
    ...target(),
    rate: 0,
    seconds: 0.3,
    window: 4,
    signal: AbortSignal.timeout(300),
    drainMs: 50,
  });
  expect(result).toMatchObject({ published: 20, acked: 0, unacked: 20 });
});

it('sends again after a broken connection what was never acknowledged, and loses and doubles no count', async () => {
  let left = 40;
  answers = (_packet, socket) => {
    if (--left === 0) socket.destroy();
    return left !== 0;
  };
  const acks = new Set<string>();
  const result = await runLoad({
    ...target(),
    rate: 400,
    seconds: 1.5,
    reconnect: true,
    onAck: (hub, _boot, seq) => acks.add(`${hub.clientId}/${seq}`),
  });
  expect(result).toMatchObject({ unacked: 0, dead: 0 });
  expect(acks.size).toBe(result.acked);
  expect(heard.some((packet) => packet.dup)).toBe(true);
});

it('numbers each hub’s messages from one without a gap', async () => {
  await runLoad({ ...target(), rate: 0, seconds: 0.3 });
  const numbers = heard.filter(({ topic }) => topic === 'sw/demo-2/up').map(seqOf);
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
});

it('counts a refused credential as dead and does not dial again', async () => {
  const wrong = hubs.map((hub) => ({ ...hub, password: 'wrong' }));
  const result = await runLoad({ ...target(), hubs: wrong, rate: 100, seconds: 0.3, reconnect: true });
  expect(result).toMatchObject({ connected: 0, dead: 5, published: 0 });
  expect(sockets).toHaveLength(5);
});

it('sends what each hub has kept as soon as it is let in', async () => {
  const result = await runLoad({ ...target(), rate: 0.001, seconds: 0.1, kept: 3, connectsPerSecond: Infinity });
  expect(result).toMatchObject({ connected: 5, unacked: 0 });
  expect(result.published).toBeGreaterThanOrEqual(15);
  const of = (clientId: string) => heard.filter(({ topic }) => topic.includes(clientId)).map(seqOf);
  for (const { clientId } of hubs) expect(of(clientId).slice(0, 3)).toEqual([1, 2, 3]);
});
