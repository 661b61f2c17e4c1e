import { frame, publishFrame, subscribeFrame } from '../../../broker/doors/raw-hub.ts';
import { nastyBytes, nastyTexts } from '../nasty-texts.ts';
import { type Credential, connectOf, type Version, versions } from './seeds.ts';

/** What chance would rarely come upon: each legal to write and not to mean. */

const word = (n: number): Buffer => Buffer.from([n >> 8, n & 255]);
const publish = (topic: Buffer | string, qos: 0 | 1 | 2 = 1, payload: string | Buffer = '{"readings":[]}'): Buffer => {
  const bytes = Buffer.from(topic);
  return frame(
    3,
    qos << 1,
    Buffer.concat([word(bytes.length), bytes, qos > 0 ? word(3) : word(0).subarray(2), Buffer.from(payload)]),
  );
};

export const oddTopics: readonly (Buffer | string)[] = [
  ...[
    '',
    '/',
    '#',
    '+',
    'a/#/b',
    'sw/+/up',
    '$SYS/broker/uptime',
    '$share/g/sw/x/up',
    '$SYS',
    '$',
    '__proto__',
    'constructor',
  ],
  ...[
    'sw/somebody-else/up',
    'sw/somebody-else/emergency',
    '/'.repeat(2_000),
    `sw/${'x'.repeat(60_000)}/up`,
    '长'.repeat(21_845),
  ],
  Buffer.alloc(65_535, 0x61),
  ...nastyTexts,
  ...nastyBytes,
  ...nastyBytes.map((bytes) => Buffer.concat([Buffer.from('sw/x'), bytes, Buffer.from('/emergency')])),
];

/** Connections survive most of these; the door decides. */
export const oddPublishes: readonly Buffer[] = [
  ...oddTopics.map((topic) => publish(topic)),
  ...oddTopics.slice(0, 12).flatMap((topic) => [publish(topic, 0), publish(topic, 2)]),
  publishFrame({ topic: 'sw/x/up', payload: '', qos: 1, id: 0 }),
  publishFrame({ topic: 'sw/x/up', payload: '', qos: 2, id: 0 }),
  publishFrame({ topic: 'sw/x/up', payload: Buffer.alloc(65_536, 0x5b), qos: 1, id: 5 }),
  publishFrame({ topic: 'sw/x/emergency', payload: '', qos: 0 }),
  publishFrame({ topic: 'sw/x/up', payload: 'x', qos: 1, id: 65_535, dup: true, retain: true }),
];

export const oddSubscriptions: readonly Buffer[] = [
  ...['', '#', '+/+', 'a/#/b', 'a#', '$SYS/#', '$share/g/#', '$share//#', '__proto__', '+'.repeat(3_000)].map(
    (filter) => subscribeFrame(1, [filter]),
  ),
  subscribeFrame(2, []),
  subscribeFrame(
    3,
    Array.from({ length: 1_000 }, (_, i) => `f/${i}/#`),
  ),
  subscribeFrame(4, ['x'], 3),
  subscribeFrame(0, ['x']),
  frame(10, 2, Buffer.concat([word(5), word(9), Buffer.from('__proto__')])),
  frame(10, 2, word(6)),
];

/** QoS 3, the server's own packets, answers to nothing, goodbyes with something to say. */
export const oddFrames: readonly Buffer[] = [
  frame(3, 6, Buffer.concat([word(7), Buffer.from('sw/x/up'), word(1), Buffer.from('{}')])),
  ...[0, 2, 9, 11, 13, 15].flatMap((type) => [frame(type, 0, Buffer.alloc(0)), frame(type, 15, Buffer.alloc(20))]),
  ...[4, 5, 7].map((type) => frame(type, 0, word(999))),
  frame(6, 2, word(999)),
  frame(6, 0, word(999)),
  frame(12, 15, Buffer.alloc(100)),
  frame(14, 0, Buffer.from('bye')),
  Buffer.from([0x10]),
  Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]),
  Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
];

/** Names that are no hub's, and one that is: known with a wrong key. */
export const oddConnects = (known: Credential): Buffer[] => {
  const as = (clientId: string, version: Version, more: object = {}): Buffer =>
    connectOf({ clientId, username: clientId, key: 'x' }, version, more);
  return versions.flatMap((version) => [
    ...['__proto__', 'constructor', 'toString', 'a/b', '#', 'x'.repeat(60_000)].map((name) => as(name, version)),
    as(known.clientId, version),
    as(known.clientId, version, { username: undefined, password: undefined }),
    as('x', version, { username: 'x', password: Buffer.alloc(0) }),
    as('x', version, { keepalive: 65_535, clean: false }),
    as('x', version, { will: { topic: '#', payload: Buffer.alloc(0), qos: 2, retain: true } }),
  ]);
};
/** Refused by MQTT-3.1.3-8: nobody, for ever. */
export const namelessForEver = frame(1, 0, Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0, 0, 60, 0, 0]));
