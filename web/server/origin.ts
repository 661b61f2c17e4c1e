import type { FastifyRequest } from 'fastify';
import { Refused } from './errors.ts';

/** Where this server is for whoever asks: as it was configured, or as it was reached. */
export const originOf = (request: FastifyRequest, publicUrl: string | null): string =>
  publicUrl === null ? `${request.protocol}://${request.host}` : publicUrl.replace(/\/$/, '');

/**
 * What changes something, and every WebSocket, must come from our own pages. A browser always says where such a request comes from
 * and no page can keep it from saying so; who says nothing is no browser, and has no cookie that another site could use.
 */
export function checkOrigin(request: FastifyRequest, publicUrl: string | null): void {
  const { origin, upgrade } = request.headers;
  if (request.method === 'GET' && upgrade === undefined) return;
  if (request.method === 'HEAD' || request.method === 'OPTIONS') return;
  const fetchedFrom = request.headers['sec-fetch-site'];
  if (origin === undefined && (fetchedFrom === undefined || fetchedFrom === 'same-origin')) return;
  const ours = [`${request.protocol}://${request.host}`, ...(publicUrl === null ? [] : [new URL(publicUrl).origin])];
  if (origin === undefined || !ours.includes(origin)) throw new Refused('wrong_origin');
}
