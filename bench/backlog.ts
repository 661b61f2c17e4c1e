import { segmentWriter } from '../store/segment.ts';

/** Whose messages a backlog is of: as the journal knows them. */
export type Speaker = { readonly hubId: string; readonly slot: number };

const SPOKEN = [
  '"kind":"motion","device":"pir-kitchen","value":true',
  '"kind":"motion","device":"pir-hall","value":true',
  '"kind":"open","device":"front","value":true',
  '"kind":"open","device":"front","value":false',
  '"kind":"temperature","device":"kitchen","value":21.5',
  '"kind":"heart_rate","device":"watch","value":72',
];

/**
 * Messages `from` and following of a town whose homes speak in turn, `perSecond` of them a second from `begun` (ms since 1970) on: a
 * segment's bytes, not compressed.
 */
export function segmentOfTown(
  town: readonly Speaker[],
  said: { boot: string; from: number; count: number; begun: number; perSecond: number },
): Uint8Array<ArrayBuffer> {
  const { boot, from, count, begun, perSecond } = said;
  const writer = segmentWriter();
  for (let n = from; n < from + count; n++) {
    const nth = n % town.length;
    const { hubId = '', slot = 0 } = town[nth] ?? {};
    const seq = Math.floor(n / town.length);
    const receivedAt = Math.round(begun + (n / perSecond) * 1_000);
    const ts = new Date(receivedAt).toISOString();
    const payload = `{"boot":"${boot}","seq":${seq},"ts":"${ts}","readings":[{${SPOKEN[seq % SPOKEN.length]}}]}`;
    writer.add(
      {
        ...{ kind: 'packet', hubId, topic: `sw/home-${nth}/up`, payload: Buffer.from(payload) },
        ...{ qos: 1, retain: false, receivedAt, monotonicAt: receivedAt - begun + 0.123 },
      },
      slot,
    );
  }
  return writer.take();
}
