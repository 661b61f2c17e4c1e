import type { Decoded, UnreadableReason } from '../../domain/packet.ts';
import type { Reading } from '../../domain/reading.ts';
import { type Age, untold } from './clock.ts';

export const readable = (readings: readonly Reading[], event: Decoded['event'] = null): Decoded => ({
  readings,
  event,
  catalogue: null,
  unreadable: null,
});

export const unreadable = (reason: UnreadableReason, emergency: boolean, event: Decoded['event'] = null): Decoded => ({
  readings: [],
  event,
  catalogue: null,
  unreadable: { reason, emergency },
});

/** A sign of life that says nothing else; of the hub itself when `device` is ''. */
export const heartbeat = (device: string, { ageMs, clock }: Age = untold): Reading => ({
  device,
  kind: 'heartbeat',
  value: true,
  ageMs,
  clock,
});

/** Far beyond anything that is measured in a home, and small enough to be summed up for years. */
const LARGEST_QUANTITY = 1e12;

/** A measured value as it was said; null for what is none. */
export const quantity = (said: unknown): number | null =>
  typeof said === 'number' && Math.abs(said) <= LARGEST_QUANTITY ? said : null;
