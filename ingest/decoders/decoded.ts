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
