import type { Socket } from 'node:net';
import type { Client } from 'aedes';
import type { AdmittedHub } from '../../store/hub.ts';
import type { AnswersInOrder } from './mqtt-answers.ts';
import type { Unanswered } from './mqtt-down.ts';
import type { Gate } from './mqtt-gate.ts';
import { isReserved } from './mqtt-topic.ts';

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
  /** Down-link messages under way to it; null while there are none, as for most hubs at most times. */
  unanswered: Unanswered | null;
  lastId: number;
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
