import { createHash } from 'node:crypto';
import type { Accepted } from '../judgement.ts';

/** A publish of QoS 2 as far as it can be recognised again. */
export type Sent = {
  readonly messageId: number;
  readonly dup: boolean;
  readonly topic: string;
  readonly payload: Uint8Array;
};

export type ExactlyOnce = {
  /** Accepts it, or gives the acceptance of the same message that came before and was not released yet. */
  readonly once: (
    clientId: string,
    connection: object,
    sent: Sent,
    accept: () => Promise<Accepted>,
  ) => Promise<Accepted>;
  readonly released: (clientId: string, messageId: number) => void;
  /** A clean session begins: what was half done is void (MQTT-3.1.2-6). */
  readonly forget: (clientId: string) => void;
};

type Unreleased = { readonly digest: string; readonly connection: object; readonly accepted: Promise<Accepted> };

/** A hub that never releases loses only this help: its oldest are forgotten, and the journal may hold one of them twice. */
const UNRELEASED_A_HUB = 1_000;

/**
 * Recognises what is sent again before its PUBREL (MQTT-4.3.3-2). A packet identifier alone is not believed: a hub that lost its
 * memory starts again from 1, and its new message must not be taken for the old one. A repetition has the same content, and either
 * says that it is one or comes on the same connection. It waits for the same commit: its PUBREC promises the same.
 */
export function exactlyOnce(): ExactlyOnce {
  const unreleased = new Map<string, Map<number, Unreleased>>();
  const digestOf = ({ topic, payload }: Sent): string =>
    createHash('sha256').update(topic).update('\0').update(payload).digest('base64');

  return {
    once(clientId, connection, sent, accept) {
      let mine = unreleased.get(clientId);
      if (!mine) {
        mine = new Map();
        unreleased.set(clientId, mine);
      }
      const digest = digestOf(sent);
      const before = mine.get(sent.messageId);
      if (before?.digest === digest && (sent.dup || before.connection === connection)) return before.accepted;
      const accepted = accept();
      mine.delete(sent.messageId);
      mine.set(sent.messageId, { digest, connection, accepted });
      for (const oldest of mine.keys()) {
        if (mine.size <= UNRELEASED_A_HUB) break;
        mine.delete(oldest);
      }
      return accepted;
    },
    released(clientId, messageId) {
      const mine = unreleased.get(clientId);
      mine?.delete(messageId);
      if (mine?.size === 0) unreleased.delete(clientId);
    },
    forget: (clientId) => void unreleased.delete(clientId),
  };
}
