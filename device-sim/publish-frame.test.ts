import { parser as mqttParser, type Packet } from 'mqtt-packet';
import { expect, it } from 'vitest';
import { connectFrame, frameMaker } from './publish-frame.ts';

function parsed(bytes: Buffer): Packet[] {
  const packets: Packet[] = [];
  const parser = mqttParser({ protocolVersion: 4 });
  parser.on('packet', (packet) => packets.push(packet));
  parser.on('error', (error) => {
    throw error;
  });
  parser.parse(bytes);
  return packets;
}

const reading = '{"kind":"motion","device":"pir-kitchen","value":true}';
const iso = '2026-11-22T02:10:00.123Z';
const later = '2026-11-22T02:10:05.000Z';
const [isoBytes, laterBytes] = [Buffer.from(iso), Buffer.from(later)];
const atOnce = { made: isoBytes, sent: isoBytes };

it('makes publishes that a strict parser reads, one behind another', () => {
  const make = frameMaker('sw/demo-001/up', 'b00t', reading);
  const bytes = Buffer.alloc(make.bytes * 2);
  make.write(bytes, 0, 1, 7, atOnce, false);
  make.write(bytes, make.bytes, 65_535, 9_876_543_210, { made: isoBytes, sent: laterBytes }, true);
  const [first, second] = parsed(bytes);
  expect(first).toMatchObject({
    cmd: 'publish',
    qos: 1,
    dup: false,
    retain: false,
    messageId: 1,
    topic: 'sw/demo-001/up',
  });
  expect(second).toMatchObject({ dup: true, messageId: 65_535 });
  const payloads = [first, second].map((p) => p?.cmd === 'publish' && JSON.parse(p.payload.toString()));
  expect(payloads).toEqual([
    { boot: 'b00t', seq: 7, ts: iso, sent: iso, readings: [JSON.parse(reading)] },
    { boot: 'b00t', seq: 9_876_543_210, ts: iso, sent: later, readings: [JSON.parse(reading)] },
  ]);
});

it.each([0, 60, 110, 127, 128, 300, 20_000])(
  'writes the length of a topic longer by %i as the standard wants it',
  (more) => {
    const topic = `sw/${'x'.repeat(more)}/up`;
    const make = frameMaker(topic, 'b', reading);
    const bytes = Buffer.alloc(make.bytes);
    make.write(bytes, 0, 300, 1, atOnce, false);
    expect(parsed(bytes)).toMatchObject([{ topic, messageId: 300 }]);
  },
);

it('connects with credential and keep-alive', () => {
  expect(parsed(connectFrame('demo-001', '用户', 'key', 120))).toMatchObject([
    { cmd: 'connect', protocolVersion: 4, clean: true, clientId: 'demo-001', username: '用户', keepalive: 120 },
  ]);
});
