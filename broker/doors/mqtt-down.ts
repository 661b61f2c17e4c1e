import type { Connection } from './mqtt-connection.ts';
import { matches } from './mqtt-topic.ts';

/** What became of a message to a hub. `sent`: the hub answered for it, or asked for a quality at which hubs do not answer. */
export type Sending = 'sent' | 'not_connected';

/** Messages that wait for their PUBACK, by packet identifier. */
export type Unanswered = Map<number, (sending: Sending) => void>;

/** A hub that never answers is believed to have the oldest of these, or not: nobody can know. */
const UNANSWERED = 1_000;
const LARGEST_ID = 65_535;

function grantedFor({ filters }: Connection, topic: string): number | null {
  let granted: number | null = null;
  for (const [filter, qos] of filters) if (matches(filter, topic)) granted = Math.max(granted ?? 0, qos);
  return granted;
}

/** A PUBLISH of QoS 1 with an identifier, else of QoS 0 (MQTT-3.3). */
export function publishFrame(topic: string, payload: string | Buffer, id: number | null): Buffer {
  const name = Buffer.from(topic);
  const content = Buffer.from(payload as string);
  const rest = 2 + name.length + (id === null ? 0 : 2) + content.length;
  const length: number[] = [];
  for (let left = rest; left > 0 || length.length === 0; left >>>= 7)
    length.push((left & 127) | (left > 127 ? 128 : 0));
  const frame = Buffer.alloc(1 + length.length + rest);
  frame.set([0x30 | (id === null ? 0 : 2), ...length]);
  let at = frame.writeUInt16BE(name.length, 1 + length.length);
  at += name.copy(frame, at);
  if (id !== null) at = frame.writeUInt16BE(id, at);
  content.copy(frame, at);
  return frame;
}

/** An identifier that is not in use; there are sixty times as many as may wait. */
function nextId(connection: Connection, unanswered: Unanswered): number {
  do connection.lastId = (connection.lastId % LARGEST_ID) + 1;
  while (unanswered.has(connection.lastId));
  return connection.lastId;
}

/**
 * Down-link, written straight to the socket: aedes would choose the packet identifier itself and not say which, so that nobody could tell
 * what a PUBACK is for. Whoever subscribed to nothing is not reached.
 */
export function deliver(
  connection: Connection,
  { topic, payload }: { readonly topic: string; readonly payload: string | Buffer },
): Promise<Sending> {
  const { socket } = connection;
  const granted = grantedFor(connection, topic);
  if (granted === null || socket.destroyed) return Promise.resolve('not_connected');
  if (granted === 0) {
    return new Promise((resolve) =>
      socket.write(publishFrame(topic, payload, null), (error) => resolve(error ? 'not_connected' : 'sent')),
    );
  }
  connection.unanswered ??= new Map();
  const { unanswered } = connection;
  const id = nextId(connection, unanswered);
  socket.write(publishFrame(topic, payload, id));
  return new Promise((resolve) => {
    unanswered.set(id, resolve);
    if (unanswered.size > UNANSWERED) answered(connection, unanswered.keys().next().value);
  });
}

/** A PUBACK has come. */
export function answered({ unanswered }: Connection, id: number | undefined): void {
  if (id === undefined) return;
  unanswered?.get(id)?.('sent');
  unanswered?.delete(id);
}

/** The connection is gone, and with it every answer. */
export function unanswerable(connection: Connection): void {
  for (const resolve of connection.unanswered?.values() ?? []) resolve('not_connected');
  connection.unanswered = null;
}
