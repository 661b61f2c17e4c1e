import { HttpError, InfluxDB, Point } from '@influxdata/influxdb-client';
import type { ReadingKind } from '../domain/reading.ts';
import { seconds } from '../domain/time.ts';

/** One reading, as analysts get it. Truth is 1 or 0. */
export type SeriesPoint = {
  readonly householdId: string;
  readonly hubId: string;
  readonly device: string;
  readonly kind: ReadingKind;
  readonly value: number;
  readonly at: number;
  /** Its place in the journal: what a device says twice in one millisecond stays two points, and the same is the same when given again. */
  readonly place: number;
};

/** `refused`: this batch will never be taken as it is. `unavailable`: it may be later. */
export type InfluxAnswer =
  | { readonly kind: 'written' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

export type Influx = { readonly write: (points: readonly SeriesPoint[]) => Promise<InfluxAnswer> };

export type InfluxOptions = {
  readonly url: string;
  readonly token: string;
  readonly org: string;
  readonly bucket: string;
};

/** A tag must not be empty, and a backslash before its end would escape what follows. */
const tag = (text: string): string => (text === '' ? '-' : text.replaceAll('\\', '/'));

const NS_A_MS = 1_000_000;

/** As text: nanoseconds since 1970 are beyond what a number holds. */
const nanoseconds = ({ at, place }: SeriesPoint): string =>
  `${Math.trunc(at)}${String(place % NS_A_MS).padStart(6, '0')}`;

const line = (point: SeriesPoint): string | undefined =>
  new Point(point.kind)
    .tag('household', point.householdId)
    .tag('hub', point.hubId)
    .tag('device', tag(point.device))
    .floatField('value', point.value)
    .timestamp(nanoseconds(point))
    .toLineProtocol();

/** What can be mended by making the batch smaller; anything else (a wrong token, a missing bucket, an outage) is waited for. */
const REFUSES_THE_BATCH = new Set([400, 413, 422]);

/**
 * InfluxDB 2, one request a batch. The client's own buffer is not used: it gives up after three minutes and forgets what it holds,
 * while we have the journal to go back to. Only 204 is an answer that counts.
 */
export function openInflux({ url, token, org, bucket }: InfluxOptions): Influx {
  const { transport } = new InfluxDB({ url, token, timeout: seconds(30) });
  const path = `/api/v2/write?${new URLSearchParams({ org, bucket, precision: 'ns' })}`;
  const headers = { 'content-type': 'text/plain; charset=utf-8' };

  return {
    write: (points) =>
      new Promise((resolve) => {
        let status: number | undefined;
        const lines = points.flatMap((point) => line(point) ?? []);
        if (lines.length === 0) return resolve({ kind: 'written' });
        transport.send(
          path,
          lines.join('\n'),
          { method: 'POST', headers, gzipThreshold: 1_000 },
          {
            responseStarted: (_, statusCode) => (status = statusCode),
            error(error) {
              const code = error instanceof HttpError ? error.statusCode : undefined;
              const kind = code !== undefined && REFUSES_THE_BATCH.has(code) ? 'refused' : 'unavailable';
              resolve({ kind, reason: `${code ?? ''} ${error.message}`.trim().slice(0, 300) });
            },
            complete: () =>
              resolve(status === 204 ? { kind: 'written' } : { kind: 'unavailable', reason: `answered ${status}` }),
          },
        );
      }),
  };
}
