import { createHmac, timingSafeEqual } from 'node:crypto';
import { minutes } from '../../domain/time.ts';

/** A receiver refuses what was signed longer ago than this: somebody may be playing back what was overheard. */
export const REPLAY_WINDOW_MS = minutes(5);

/** The value of `Shouwang-Signature`: HMAC-SHA256 over `timestamp.body`; `timestamp` in seconds, as in `Shouwang-Timestamp`. */
export const signatureOf = (secret: string, timestamp: number, body: string): string =>
  `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;

/** What a receiver checks before it believes a message: that we signed it, and lately. */
export function isAuthentic(
  secret: string,
  received: { readonly timestamp: string; readonly signature: string; readonly body: string },
  now: number,
): boolean {
  const timestamp = Number(received.timestamp);
  if (!(Math.abs(now - timestamp * 1_000) <= REPLAY_WINDOW_MS)) return false;
  const expected = Buffer.from(signatureOf(secret, timestamp, received.body));
  const given = Buffer.from(received.signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
