import * as z from 'zod';
import type { VerdictReason } from '../../domain/notice.ts';
import { seconds } from '../../domain/time.ts';
import { type Destination, destinationName } from '../../store/telling.ts';
import type { Channel, Told } from '../channel.ts';
import { signatureOf } from './signature.ts';
import { messageOf } from './webhook-message.ts';

/** More of an answer is not read: a receiver must not be able to fill our memory. */
const ANSWER_BYTES = 65_536;
/** As much of it as is kept with the delivery. */
const KEPT_CHARACTERS = 500;
/** Later than this we come back whatever a receiver asks. */
const LONGEST_PAUSE_MS = seconds(60);

/** The receiver's own word. A status of 200 alone is the word of whatever stands before it. */
const receipt = z.object({ received: z.literal(true) });

async function beginningOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, ANSWER_BYTES);
}

function isReceipt(text: string): boolean {
  try {
    return receipt.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

/** `Retry-After` in seconds; its form as a date is not worth another clock. */
function notBeforeMs(response: Response): { notBeforeMs?: number } {
  const asked = Number(response.headers.get('retry-after') ?? Number.NaN);
  return asked > 0 ? { notBeforeMs: Math.min(seconds(asked), LONGEST_PAUSE_MS) } : {};
}

/** PostgreSQL keeps no NUL, and would refuse what is recorded with it: that answer and those of other receivers. */
const keepable = (text: string): string => text.slice(0, KEPT_CHARACTERS).toWellFormed().replaceAll('\0', '\ufffd');

function toldBy(response: Response, text: string, destination: string): Told {
  const { status } = response;
  const answer = keepable(`${status} ${text}`);
  const told = (kind: Told['kind'], reason: VerdictReason): Told => ({ kind, reason, answer, destination });
  if (response.ok) return isReceipt(text) ? told('sent', 'sent') : told('retry', 'refused');
  // A redirect would take a resident's address to somebody whom no owner has named.
  if (status < 400) return told('gave_up', 'refused');
  const later = { ...told('retry', 'unreachable'), ...notBeforeMs(response) };
  if (status >= 500) return later;
  return status === 408 || status === 429 ? { ...later, reason: 'refused' } : told('gave_up', 'refused');
}

/** Without what fetch wraps around it: `ECONNREFUSED`, `TimeoutError`, a certificate's fault. */
function faultOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}

async function post(to: Destination, headers: HeadersInit, body: string, signal: AbortSignal): Promise<Told> {
  const destination = destinationName(to);
  try {
    const response = await fetch(to.url, { method: 'POST', headers, body, signal, redirect: 'manual' });
    return toldBy(response, await beginningOf(response), destination);
  } catch (error) {
    return { kind: 'retry', reason: 'unreachable', answer: faultOf(error), destination };
  }
}

/**
 * Tells every receiver that is registered for the audience, from the household's station up to the root. `now` is the wall clock's
 * time, since that is what a receiver compares the timestamp with.
 */
export const webhooks = (publicUrl: string, now: () => number): Channel => ({
  async tell(telling, signal) {
    const { destinations, notice } = telling;
    if (destinations.length === 0) {
      return [{ kind: 'gave_up', reason: 'no_destination', answer: '', destination: '' }];
    }
    const body = JSON.stringify(messageOf(telling, publicUrl));
    const timestamp = Math.floor(now() / 1_000);
    return Promise.all(
      destinations.map((to) => {
        const headers = {
          'content-type': 'application/json',
          'user-agent': 'Shouwang',
          'shouwang-delivery': notice.id,
          'shouwang-timestamp': String(timestamp),
          'shouwang-signature': signatureOf(to.secret, timestamp, body),
        };
        return post(to, headers, body, signal);
      }),
    );
  },
});
