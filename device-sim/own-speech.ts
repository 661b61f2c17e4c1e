import * as z from 'zod';
import { factsOf } from '../domain/reading.ts';
import type { SimReading } from './event.ts';
import type { Speech, Utterance } from './speech.ts';

const acknowledgement = z.object({ ack: z.object({ boot: z.string(), seq: z.number() }) });

const isEmergency = (readings: readonly SimReading[]): boolean =>
  readings.some(({ kind, value }) => value === true && factsOf(kind).critical);

/** A time on a hub's clock, which may be absurd, as a hub would write it. */
const iso = (at: number) => new Date(at).toISOString();

function payloadOf({ boot, seq, at, readings }: Utterance, sentAt: number): string {
  return JSON.stringify({
    boot,
    seq,
    ts: iso(at),
    sent: iso(sentAt),
    readings: readings.map(({ kind, device, value, at: own }) => ({
      kind,
      device,
      value,
      unit: factsOf(kind).unit,
      at: own === undefined ? undefined : iso(own),
    })),
  });
}

/** Our own protocol: `sw/<hub>/up`, emergencies on `sw/<hub>/emergency`, answers on `sw/<hub>/down`. */
export function ownSpeech(clientId: string): Speech {
  return {
    greeting: () => [],
    frames: (utterance, sentAt) => [
      {
        topic: `sw/${clientId}/${isEmergency(utterance.readings) ? 'emergency' : 'up'}`,
        payload: payloadOf(utterance, sentAt),
        retain: false,
      },
    ],
    subscription: `sw/${clientId}/down`,
    acknowledged(payload) {
      const heard = acknowledgement.safeParse(JSON.parse(payload));
      return heard.success ? heard.data.ack : null;
    },
  };
}
