import type { Socket } from 'node:net';
import type { Client } from 'aedes';
import type { AdmittedHub } from '../../store/hub.ts';
import type { AnswersInOrder } from './mqtt-answers.ts';
import type { Gate } from './mqtt-gate.ts';
import { isReserved, matches } from './mqtt-topic.ts';

/** Who a connection is, once it is known. */
export type Identity = { readonly hub: AdmittedHub; readonly keyHash: string; readonly answers: AnswersInOrder };

export type Connection = {
  readonly socket: Socket;
  readonly gate: Gate;
  readonly client: Client;
  /** As CONNECT said it; aedes would invent one in its place. */
  clientId: string;
  identity: Identity | null;
  /** While it is not on disk yet that this is the hub's connection: what the hub says waits for it. */
  claimed: Promise<void> | null;
  /** What it subscribed to, and the quality it was granted. */
  readonly filters: Map<string, number>;
};

/** What one hub may subscribe to. */
const FILTERS = 100;

/**
 * Every subscription but the server's own topics is granted, in the hub's own name-space: nothing reaches a connection but what is
 * sent to its hub, so `#` and `zigbee2mqtt/#` are as harmless as they are common.
 */
export function grant({ filters }: Connection, filter: string, qos: number): boolean {
  if (isReserved(filter) || (filters.size >= FILTERS && !filters.has(filter))) return false;
  filters.set(filter, qos);
  return true;
}

function grantedFor({ filters }: Connection, topic: string): number | null {
  let granted: number | null = null;
  for (const [filter, qos] of filters) if (matches(filter, topic)) granted = Math.max(granted ?? 0, qos);
  return granted;
}

export type Sending = 'sent' | 'not_connected';

/** Down-link, written straight to the socket; `sent` says no more than that it was. Whoever subscribed to nothing is not reached. */
export async function deliver(
  connection: Connection,
  { topic, payload }: { readonly topic: string; readonly payload: string | Buffer },
): Promise<Sending> {
  const { client, socket } = connection;
  const granted = grantedFor(connection, topic);
  if (granted === null || socket.destroyed) return 'not_connected';
  const qos = granted > 0 ? 1 : 0;
  await new Promise<void>((resolve) =>
    client.publish({ cmd: 'publish', topic, payload, qos, retain: false, dup: false }, () => resolve()),
  );
  // aedes calls back without an error also when the connection ended over it.
  return socket.destroyed ? 'not_connected' : 'sent';
}
