import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { seconds } from '../../domain/time.ts';
import { ConfigError } from '../../runtime/config.ts';
import { handshakesInTurn } from './mqtt-handshakes.ts';

export type Address = { readonly host: string; readonly port: number };
export type Certificate = { readonly key: string | Buffer; readonly cert: string | Buffer };

export type Listener = {
  readonly port: number;
  /** Resolves when nothing listens any more; connections that exist stay. */
  readonly close: () => Promise<void>;
  readonly use: (certificate: Certificate) => void;
};

/** The kernel asks a silent peer after a minute: a hub whose power failed is found without a word of MQTT. */
const socketOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: seconds(60) };
/** How many connections may wait to be taken in: a town's hubs come back all at once after a power cut. */
const BACKLOG = 4_096;

const complaints: Record<string, string> = {
  EADDRINUSE: 'another program has it already: stop that one, or choose another port',
  EACCES: 'this user may not open it: choose a port above 1023',
  EADDRNOTAVAIL: 'this machine does not have that address',
};

async function listen(server: Server, { host, port }: Address, setting: string): Promise<number> {
  server.listen({ host, port, backlog: BACKLOG });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const why = complaints[code];
    if (why === undefined) throw cause;
    throw new ConfigError(`${setting}: cannot listen on ${host}:${port}, ${why}`, { cause });
  }
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : port;
}

function listenerOf(server: Server, port: number, use: Listener['use']): Listener {
  return { port, close: () => new Promise((resolve) => server.close(() => resolve())), use };
}

/** `arrived` sees every socket at once, before any handshake; `ready` gets those that speak. */
export type Reception = { readonly arrived: (socket: Socket) => void; readonly ready: (socket: Socket) => void };

export async function listenPlain(at: Address, { arrived, ready }: Reception): Promise<Listener> {
  const server = createServer(socketOptions, (socket) => {
    arrived(socket);
    if (!socket.destroyed) ready(socket);
  });
  return listenerOf(server, await listen(server, at, 'SHOUWANG_MQTT_PORT'), () => {});
}

export async function listenTls(
  at: Address,
  certificate: Certificate,
  handshakeMs: number,
  { arrived, ready }: Reception,
): Promise<Listener> {
  const secure = createTlsServer({ ...certificate, handshakeTimeout: handshakeMs, minVersion: 'TLSv1.2' }, ready);
  // Node leaves the socket of a handshake that failed or took too long open, for ever if need be.
  secure.on('tlsClientError', (_error, socket) => socket.destroy());
  const shake = handshakesInTurn((socket) => secure.emit('connection', socket), handshakeMs);
  const server = createServer(socketOptions, (socket) => {
    arrived(socket);
    if (!socket.destroyed) shake(socket);
  });
  return listenerOf(server, await listen(server, at, 'SHOUWANG_MQTTS_PORT'), (fresh) => secure.setSecureContext(fresh));
}
