import type { Catalogue, Reading } from './reading.ts';

/** What a hub sent, as it is journalled. Times in ms; `monotonicAt` counts within one boot of the server. */
export type Packet = {
  readonly kind: 'packet';
  readonly hubId: string;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  /** A publisher's retain flag means "store this" and is a live message; it is kept for bridges, where it means stale. */
  readonly retain: boolean;
  readonly receivedAt: number;
  readonly monotonicAt: number;
};

/** A hub's connection came up or went down; `epoch` grows with every connection, so that a take-over cannot be misread as a loss. */
export type LinkChange = {
  readonly kind: 'up' | 'down';
  readonly hubId: string;
  readonly epoch: number;
  /** Of a connection that was given up on: for how long nothing had come over it. One that its hub ended was heard to the end. */
  readonly silentMs?: number;
  readonly receivedAt: number;
  readonly monotonicAt: number;
};

/** An intake's own sign of life in its stream: at its start, and while nobody speaks. Whoever reads the journal knows by it who can hear. */
export type IntakeBeat = { readonly kind: 'beat'; readonly receivedAt: number; readonly monotonicAt: number };

export type JournalEntry = Packet | LinkChange | IntakeBeat;

/** Where an entry stands: one intake writes one stream, numbered without gaps from 1. */
export type Position = { readonly stream: string; readonly number: number };

/** Why a packet could not be read, a word from a closed list. */
export type UnreadableReason = 'not_json' | 'not_our_shape' | 'unknown_topic' | 'too_deep' | 'no_known_value';

/** What a decoder needs to know of the hub that spoke. */
export type HubContext = {
  readonly hubId: string;
  readonly householdId: string;
  readonly catalogue: Catalogue | null;
};

/**
 * A message's own name. `clockAt` is when it was made by the hub's clock, right or wrong: every copy bears the same. Null when the hub
 * did not say.
 */
export type HubEvent = { readonly boot: string; readonly seq: number; readonly clockAt: number | null };

/** What a packet means. A decoder is total: it never throws. */
export type Decoded = {
  /** Without `receivedAt`, position or household: those are the packet's. */
  readonly readings: readonly Reading[];
  /** The device's own identity of this message, where it has one: duplicates are recognised by it. */
  readonly event: HubEvent | null;
  /** A hub that describes its devices replaces what was known of them. */
  readonly catalogue: Catalogue | null;
  /** Set when nothing could be read; `emergency` when the topic is one on which emergencies come. */
  readonly unreadable: { readonly reason: UnreadableReason; readonly emergency: boolean } | null;
};

/** One file an ecosystem; registered in ingest/decoders/registry.ts. */
export type Decoder = {
  readonly ecosystem: string;
  readonly decode: (packet: Packet, hub: HubContext) => Decoded;
  /** What tells a hub, on its down-link, that a life-critical event of its own that came on `topic` is safely an open alert. */
  readonly acknowledgement?: (
    topic: string,
    event: Pick<HubEvent, 'boot' | 'seq'>,
  ) => { readonly topic: string; readonly payload: string };
};
