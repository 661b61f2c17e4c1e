import type { Unreadable } from '../store/journal.ts';

/** Enough of a message for a person to see what it is. */
const SAMPLE_BYTES = 200;
const TOPIC_CHARACTERS = 256;
/** A hub that invents topics must not fill the memory or the table with them. */
const TOPICS_A_HUB = 100;
const HUBS = 10_000;
export const OTHER_TOPICS = '(other topics)';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped, since PostgreSQL and terminals choke on them, and marks of direction make text lie
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const printable = (text: string): string =>
  text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

export const sampleOf = (payload: Uint8Array): string =>
  printable(Buffer.from(payload.buffer, payload.byteOffset, Math.min(payload.length, SAMPLE_BYTES)).toString('utf8'));

export type UnreadableTally = {
  readonly count: (hubId: string, topic: string, reason: string, payload: Uint8Array, at: number) => void;
  /** What was counted since the last time. */
  readonly take: () => Unreadable[];
};

/** Counts what could not be read, by hub, topic and reason. */
export function unreadableTally(): UnreadableTally {
  const topicsOf = new Map<string, Set<string>>();
  let counted = new Map<string, Unreadable>();

  function known(hubId: string, topic: string): string {
    const short = printable(topic.slice(0, TOPIC_CHARACTERS));
    let topics = topicsOf.get(hubId);
    if (!topics) {
      if (topicsOf.size >= HUBS) topicsOf.clear();
      topics = new Set();
      topicsOf.set(hubId, topics);
    }
    if (!topics.has(short) && topics.size >= TOPICS_A_HUB) return OTHER_TOPICS;
    topics.add(short);
    return short;
  }

  return {
    count(hubId, topic, reason, payload, at) {
      const name = known(hubId, topic);
      const key = `${hubId}\n${reason}\n${name}`;
      const before = counted.get(key);
      counted.set(
        key,
        before
          ? { ...before, count: before.count + 1, at }
          : { hubId, topic: name, reason, count: 1, at, sample: sampleOf(payload) },
      );
    },
    take() {
      const taken = [...counted.values()];
      if (taken.length > 0) counted = new Map();
      return taken;
    },
  };
}
