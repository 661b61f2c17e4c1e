import { Readable } from 'node:stream';

/**
 * What aedes would keep and pass on, kept nowhere and passed to nobody. Up-link goes to the journal and down-link straight to the
 * connection it is for, so there are no retained messages, no queues for the absent, no wills and no subscriptions to remember:
 * a session is never present (MQTT-3.1.3.2.2), and hubs subscribe again. Inbound QoS 2 is recognised before it comes here.
 */
const nothing = async (): Promise<void> => {};
const none = (): Readable => Readable.from([]);

export const keepsNothing = {
  // aedes insists on an async function under this name.
  setup: async (): Promise<void> => {},
  subscriptionsByClient: async () => [],
  subscriptionsByTopic: async () => [],
  addSubscriptions: nothing,
  removeSubscriptions: nothing,
  cleanSubscriptions: nothing,
  storeRetained: nothing,
  createRetainedStream: none,
  createRetainedStreamCombi: none,
  outgoingEnqueue: nothing,
  outgoingEnqueueCombi: nothing,
  outgoingUpdate: nothing,
  outgoingClearMessageId: nothing,
  outgoingStream: none,
  incomingStorePacket: nothing,
  /** "Already there": aedes then answers PUBREC and does no more with it. */
  incomingGetPacket: async (_client: unknown, packet: unknown) => packet,
  incomingDelPacket: nothing,
  cleanIncoming: nothing,
  putWill: nothing,
  delWill: nothing,
  getWill: nothing,
  streamWill: none,
};

/** An emitter on which nothing is ever heard. It answers at once: aedes forgets a taken-over connection's successor if it must wait. */
export const tellsNobody = {
  on: (_topic: string, _heard: unknown, done?: () => void): void => done?.(),
  removeListener: (_topic: string, _heard: unknown, done?: () => void): void => done?.(),
  emit: (_packet: unknown, done?: () => void): void => done?.(),
  close: (done: () => void): void => void setImmediate(done),
};
