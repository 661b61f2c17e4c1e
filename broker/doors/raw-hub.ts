import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

/** MQTT 3.1.1 by hand: a hub that can also misbehave, for the contract tests. Packet types as in section 2.2.1. */
export const types = { connack: 2, publish: 3, puback: 4, pubrec: 5, pubcomp: 7, suback: 9, pingresp: 13 } as const;

export type Frame = { readonly type: number; readonly flags: number; readonly body: Buffer };

const word = (n: number): Buffer => Buffer.from([n >> 8, n & 255]);
const text = (s: string | Buffer): Buffer => Buffer.concat([word(Buffer.byteLength(s)), Buffer.from(s)]);

export function lengthOf(bytes: number): Buffer {
  const out: number[] = [];
  for (let rest = bytes; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...out, rest]);
    out.push((rest % 128) | 128);
  }
}

export const frame = (type: number, flags: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([(type << 4) | flags]), lengthOf(body.length), body]);

export type ConnectFields = {
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  readonly clean?: boolean;
  readonly keepalive?: number;
  readonly version?: number;
  readonly will?: { readonly topic: string; readonly payload: string };
};

export function connectFrame(fields: ConnectFields): Buffer {
  const { clientId, username, password, clean = true, keepalive = 60, version = 4, will } = fields;
  const flags =
    (clean ? 2 : 0) | (will ? 4 | 8 : 0) | (password === undefined ? 0 : 64) | (username === undefined ? 0 : 128);
  return frame(
    1,
    0,
    Buffer.concat([
      text('MQTT'),
      Buffer.from([version, flags]),
      word(keepalive),
      ...(version === 5 ? [Buffer.from([0])] : []),
      text(clientId),
      ...(will ? [text(will.topic), text(will.payload)] : []),
      ...(username === undefined ? [] : [text(username)]),
      ...(password === undefined ? [] : [text(password)]),
    ]),
  );
}

export type PublishFields = {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos: 0 | 1 | 2;
  readonly id?: number;
  readonly dup?: boolean;
  readonly retain?: boolean;
};

export function publishFrame({ topic, payload, qos, id = 1, dup = false, retain = false }: PublishFields): Buffer {
  const flags = (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  return frame(3, flags, Buffer.concat([text(topic), ...(qos > 0 ? [word(id)] : []), Buffer.from(payload)]));
}

export const pubackFrame = (id: number): Buffer => frame(4, 0, word(id));
export const pubrelFrame = (id: number): Buffer => frame(6, 2, word(id));
export const pingreqFrame = frame(12, 0, Buffer.alloc(0));
export const disconnectFrame = frame(14, 0, Buffer.alloc(0));
export const subscribeFrame = (id: number, filters: readonly string[], qos = 1): Buffer =>
  frame(8, 2, Buffer.concat([word(id), ...filters.flatMap((filter) => [text(filter), Buffer.from([qos])])]));

/** Cuts complete frames off the front of `bytes`. */
export function framesIn(bytes: Buffer): { frames: Frame[]; rest: Buffer } {
  const frames: Frame[] = [];
  let at = 0;
  for (;;) {
    let length = 0;
    let n = 1;
    for (let weight = 1; ; weight *= 128, n++) {
      const byte = bytes[at + n];
      if (byte === undefined) return { frames, rest: bytes.subarray(at) };
      length += (byte & 127) * weight;
      if (byte < 128) break;
    }
    const begin = at + n + 1;
    if (begin + length > bytes.length) return { frames, rest: bytes.subarray(at) };
    const first = bytes[at] ?? 0;
    frames.push({ type: first >> 4, flags: first & 15, body: bytes.subarray(begin, begin + length) });
    at = begin + length;
  }
}

export type RawHub = {
  readonly socket: Socket;
  readonly write: (...frames: readonly Buffer[]) => void;
  /** All that came so far. */
  readonly frames: readonly Frame[];
  readonly idsOf: (type: number) => number[];
  /** The first `count` frames of a type, as soon as they are there; fails when the connection ends before. */
  readonly heard: (type: number, count?: number) => Promise<Frame[]>;
  readonly closed: Promise<void>;
};

export async function dial(port: number, tls?: ConnectionOptions): Promise<RawHub> {
  const socket = tls ? connectTls({ ...tls, port, host: '127.0.0.1' }) : connect({ port, host: '127.0.0.1' });
  const frames: Frame[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let watchers: (() => void)[] = [];
  const wake = (): void => {
    const woken = watchers;
    watchers = [];
    for (const watcher of woken) watcher();
  };
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('close', wake);
  socket.on('data', (chunk: Buffer) => {
    const cut = framesIn(Buffer.concat([rest, chunk]));
    rest = cut.rest;
    frames.push(...cut.frames);
    wake();
  });
  await Promise.race([once(socket, tls ? 'secureConnect' : 'connect'), closed]);

  const of = (type: number): Frame[] => frames.filter((it) => it.type === type);
  return {
    socket,
    frames,
    closed,
    write: (...out) => void socket.write(Buffer.concat(out)),
    idsOf: (type) => of(type).map(({ body }) => body.readUInt16BE(0)),
    async heard(type, count = 1) {
      while (of(type).length < count) {
        if (socket.destroyed)
          throw new Error(`the connection ended after ${of(type).length} of ${count} frames of type ${type}`);
        await new Promise<void>((resolve) => watchers.push(resolve));
      }
      return of(type).slice(0, count);
    },
  };
}

/** Dials, says CONNECT and waits to be let in. */
export async function dialIn(port: number, fields: ConnectFields, tls?: ConnectionOptions): Promise<RawHub> {
  const hub = await dial(port, tls);
  hub.write(connectFrame(fields));
  const [connack] = await hub.heard(types.connack);
  if (connack?.body[1] !== 0) throw new Error(`refused with code ${connack?.body[1]}`);
  return hub;
}
