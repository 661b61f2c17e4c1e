import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { FastifyServerFactory } from 'fastify';
import { seconds } from '../../domain/time.ts';
import type { Certificate } from '../../runtime/certificate.ts';
import { ConfigError } from '../../runtime/config.ts';
import type { App } from './deps.ts';

/** Browsers give a page of this machine over http everything that others have over https only. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** The first byte of every TLS connection: a handshake record (RFC 8446, 5.1). */
const TLS_HANDSHAKE = 22;
const FIRST_BYTE_MS = seconds(10);

const page = (link: string): string => `<!doctype html>
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>守望 Shouwang</title>
<body style="font:1.1rem/1.6 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem">
<p lang="zh">此处只接受 https。请打开 <a href="${link}">${link}</a></p>
<p lang="en">This is served by https only. Open <a href="${link}">${link}</a></p>
`;

/** Tells whoever came without TLS where to go. It does not send them there: the warning about a self-made certificate needs a word before. */
function signpost(): Server {
  const server = createServer((request, response) => {
    const { host } = request.headers;
    const link = host && /^[\w.:[\]-]+$/.test(host) ? `https://${host}/` : 'https://';
    response
      .writeHead(426, { 'content-type': 'text/html; charset=utf-8', connection: 'close', upgrade: 'TLS/1.2' })
      .end(page(link));
  });
  server.on('clientError', (_, socket) => socket.destroy());
  return server;
}

/** HTTPS; and on the same port a signpost for those who come without, told apart by their first byte. */
export const secureServer =
  ({ cert, key }: Pick<Certificate, 'cert' | 'key'>): FastifyServerFactory<Server> =>
  (handler) => {
    const secure = createSecureServer({ cert, key, minVersion: 'TLSv1.2', requestTimeout: seconds(30) }, handler);
    const plain = signpost();
    const shakeHands = secure.listeners('connection') as ((socket: Socket) => void)[];
    secure.removeAllListeners('connection');
    secure.on('connection', (socket: Socket) => {
      const drop = (): void => void socket.destroy();
      socket.setTimeout(FIRST_BYTE_MS, drop).once('error', drop);
      socket.once('data', (first) => {
        socket.pause();
        socket.unshift(first);
        socket.setTimeout(0).off('timeout', drop).off('error', drop);
        // TLS reads what stands in the paused socket by itself; http waits for it to flow.
        if (first[0] === TLS_HANDSHAKE) for (const listener of shakeHands) listener.call(secure, socket);
        else {
          plain.emit('connection', socket);
          socket.resume();
        }
      });
    });
    return secure;
  };

/** Opens the door; returns where it is. What cannot be opened is said in the words of the settings. */
export async function listen(app: App, { host, port }: { host: string; port: number }): Promise<{ url: string }> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const why = {
      EADDRINUSE: `SHOUWANG_HTTP_PORT ${port} is in use on ${host}: stop what listens there, or choose another port`,
      EACCES: `SHOUWANG_HTTP_PORT ${port} may not be opened by this user: choose one from 1024 on`,
      EADDRNOTAVAIL: `SHOUWANG_HTTP_HOST ${host} is no address of this machine`,
      ENOTFOUND: `SHOUWANG_HTTP_HOST ${host} is no address that is known here`,
    }[code];
    throw why ? new ConfigError(why, { cause }) : cause;
  }
  const { port: opened } = app.server.address() as AddressInfo;
  const scheme = isLoopback(host) ? 'http' : 'https';
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return { url: `${scheme}://${name}:${opened}` };
}
