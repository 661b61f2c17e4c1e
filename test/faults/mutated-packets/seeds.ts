import { generate, type Packet } from 'mqtt-packet';

/** Packets as a well-behaved client of each version of MQTT sends them; everything wrong is made from these. */

export type Version = 3 | 4 | 5;
export const versions: readonly [Version, ...Version[]] = [3, 4, 5];

export type Credential = { readonly clientId: string; readonly username: string; readonly key: string };

/** mqtt-packet writes what it is given, so that a wrong field can be written as well as a right one. */
export const written = (packet: Packet, version: Version): Buffer => generate(packet, { protocolVersion: version });

export function connectOf({ clientId, username, key }: Credential, version: Version, more: object = {}): Buffer {
  const protocol = version === 3 ? { protocolId: 'MQIsdp', protocolVersion: 3 } : { protocolId: 'MQTT' };
  const packet = { cmd: 'connect', clean: true, keepalive: 60, ...protocol, protocolVersion: version } as const;
  return written({ ...packet, clientId, username, password: Buffer.from(key), ...more } as Packet, version);
}

const will = { topic: 'sw/somebody-else/emergency', payload: Buffer.from('{}'), qos: 1, retain: true } as const;
const nobody: Credential = { clientId: 'nobody', username: 'nobody', key: 'not a key' };

const afterConnect = (version: Version): Buffer[] =>
  (
    [
      { cmd: 'publish', topic: 'sw/x/up', payload: '{"readings":[]}', qos: 0, retain: false, dup: false },
      { cmd: 'publish', topic: 'sw/x/up', payload: '{"readings":[]}', qos: 1, messageId: 7, retain: true, dup: false },
      { cmd: 'publish', topic: 'zigbee2mqtt/a', payload: '{}', qos: 2, messageId: 8, retain: false, dup: true },
      { cmd: 'pubrel', messageId: 8 },
      { cmd: 'puback', messageId: 9 },
      { cmd: 'pubrec', messageId: 10 },
      { cmd: 'pubcomp', messageId: 11 },
      {
        cmd: 'subscribe',
        messageId: 12,
        subscriptions: [
          { topic: 'sw/+/down', qos: 1 },
          { topic: '#', qos: 2 },
        ],
      },
      { cmd: 'unsubscribe', messageId: 13, unsubscriptions: ['sw/+/down', '#'] },
      { cmd: 'pingreq' },
      { cmd: 'disconnect' },
    ] as Packet[]
  ).map((packet) => written(packet, version));

export const seeds: readonly Buffer[] = versions.flatMap((version) => [
  connectOf(nobody, version),
  connectOf(nobody, version, { clean: false, will }),
  connectOf({ ...nobody, clientId: '__proto__' }, version),
  ...afterConnect(version),
]);

/** Of version 5, with properties: a reader of 3.1.1 takes them for something else. */
export const propertied: readonly Buffer[] = [
  connectOf(nobody, 5, { properties: { sessionExpiryInterval: 4_294_967_295, userProperties: { constructor: 'x' } } }),
  written(
    {
      ...{ cmd: 'publish', topic: '', payload: 'x', qos: 1, messageId: 1, retain: false, dup: false },
      properties: { topicAlias: 65_535, contentType: 'x', correlationData: Buffer.alloc(100) },
    },
    5,
  ),
  written({ cmd: 'auth', reasonCode: 24, properties: { authenticationMethod: 'x' } } as Packet, 5),
];
