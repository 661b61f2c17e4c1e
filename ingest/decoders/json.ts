import type { UnreadableReason } from '../../domain/packet.ts';

/** Our own messages nest 3 deep, a Zigbee2MQTT catalogue about 8, its bridge/info with the JSON schema of its settings about 12. */
const MAX_DEPTH = 64;
/** Below this a nest of nothing but brackets is parsed in microseconds, and looking first would cost every small message. */
const LOOK_FIRST_FROM_BYTES = 4_096;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = [0x5b, 0x7b];
const CLOSING = [0x5d, 0x7d];

/** V8 parses any depth without recursion, but 1 MB of brackets takes it a quarter of a second and half a million arrays. */
function tooDeep(payload: Uint8Array): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < payload.length; i++) {
    const byte = payload[i];
    if (quoted) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === OPENING[0] || byte === OPENING[1]) {
      if (++depth > MAX_DEPTH) return true;
    } else if (byte === CLOSING[0] || byte === CLOSING[1]) depth--;
  }
  return false;
}

/**
 * PostgreSQL keeps no NUL in its text, and one device's name must not be what a group commit fails on: it stands as a replacement
 * character from here on. JSON can only write it as this escape.
 */
const withoutNul = (json: string): string => (json.includes('\\u0000') ? json.replaceAll('\\u0000', '\\ufffd') : json);

export const textOf = (payload: Uint8Array): string =>
  Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');

/** What a payload says; a wall, since JSON.parse throws. */
export function readJson(
  payload: Uint8Array,
): { readonly value: unknown } | { readonly reason: Extract<UnreadableReason, 'not_json' | 'too_deep'> } {
  if (payload.length >= LOOK_FIRST_FROM_BYTES && tooDeep(payload)) return { reason: 'too_deep' };
  const text = textOf(payload);
  try {
    // A byte order mark is none of JSON, and some makers' libraries write one.
    return { value: JSON.parse(withoutNul(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)) };
  } catch {
    return { reason: 'not_json' };
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
