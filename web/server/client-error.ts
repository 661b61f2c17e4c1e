import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { errorAnswerOf, Refused, refusalOf } from './errors.ts';

/** What could not even be read as a request: headers too large, too slow, or not HTTP. In Chinese, since nothing says otherwise. */
export function refuseUnread(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { status, answer } = errorAnswerOf(refusalOf(error) ?? new Refused('bad_request'), 'zh', '');
  const body = JSON.stringify(answer);
  if (socket.writable) {
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  }
  socket.destroySoon();
}
