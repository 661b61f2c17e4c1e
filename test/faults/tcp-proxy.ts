import { once } from 'node:events';
import { createServer, Socket } from 'node:net';

/** `up`: from who dials to who is dialled. */
export type Way = 'up' | 'down';

export type TcpProxy = {
  readonly port: number;
  readonly connections: () => number;
  /** What comes from now on takes so much longer, each way. */
  readonly delay: (ms: number) => void;
  /** Half-open, one way or both: nothing passes and nobody is told, not even of ends. Who dials waits. */
  readonly freeze: (...ways: readonly Way[]) => void;
  /** What was held passes on, as TCP repeats what was not acknowledged. */
  readonly thaw: () => void;
  /** The connections that exist are dead for ever without a word, as behind a router that lost its memory; new ones pass. */
  readonly forget: () => void;
  /** Every connection is reset, at both ends. */
  readonly cut: () => void;
  /** As `cut`, and whoever dials is reset too. */
  readonly refuse: () => void;
  readonly admit: () => void;
  readonly close: () => Promise<void>;
};

type Held = { readonly dueAt: number; readonly what: Buffer | 'end' | 'reset' };

/** What is the same for all connections. */
type Weather = { delayMs: number; refusing: boolean; readonly frozen: Set<Way> };

/** What one direction may hold before its sender is read no further: then the sender's own buffers fill, as on a dead link. */
const HELD_CHUNKS = 64;

/** One that is being shut down already cannot be reset: Node would neither say so nor let go of it. */
const reset = (socket: Socket): unknown => (socket.writableEnded ? socket.destroy() : socket.resetAndDestroy());

/** Carries what comes from one socket to the other, in order; the result makes it look at the weather again. */
function lane(from: Socket, to: Socket, way: Way, weather: Weather, alive: () => boolean): () => void {
  const held: Held[] = [];

  function pass(): void {
    while (alive() && !weather.frozen.has(way)) {
      const [first] = held;
      if (!first || first.dueAt > performance.now()) break;
      held.shift();
      if (first.what === 'end') to.end();
      else if (first.what === 'reset') reset(to);
      else to.write(first.what);
    }
    if (held.length >= HELD_CHUNKS || to.writableNeedDrain) from.pause();
    else from.resume();
  }

  function hold(what: Held['what']): void {
    if (!alive()) return;
    held.push({ dueAt: performance.now() + weather.delayMs, what });
    if (weather.delayMs > 0) setTimeout(pass, weather.delayMs + 1);
    pass();
  }

  from.on('data', hold);
  from.on('end', () => hold('end'));
  from.on('error', () => hold('reset'));
  to.on('drain', pass);
  return pass;
}

type Pair = { readonly look: () => void; readonly forget: () => void; readonly reset: () => void };

/** One connection through the proxy, until both its ends are gone. */
function pairOf(
  client: Socket,
  target: { readonly port: number; readonly host?: string },
  weather: Weather,
  gone: (pair: Pair) => void,
): Pair {
  const upstream = new Socket({ allowHalfOpen: true }).setNoDelay();
  const sockets = [client, upstream];
  let forgotten = false;
  const alive = () => !forgotten;
  const up = lane(client, upstream, 'up', weather, alive);
  const down = lane(upstream, client, 'down', weather, alive);
  const pair: Pair = {
    look() {
      if (upstream.pending && !upstream.connecting && !weather.frozen.has('up'))
        upstream.connect({ host: '127.0.0.1', ...target });
      up();
      down();
    },
    forget() {
      forgotten = true;
      for (const socket of sockets) socket.resume();
    },
    reset() {
      for (const socket of sockets) reset(socket);
    },
  };
  for (const socket of sockets) socket.on('close', () => sockets.every((it) => it.destroyed) && gone(pair));
  return pair;
}

/** A link whose faults can be chosen, in front of any TCP server. */
export async function tcpProxy(target: { readonly port: number; readonly host?: string }): Promise<TcpProxy> {
  const weather: Weather = { delayMs: 0, refusing: false, frozen: new Set() };
  const pairs = new Set<Pair>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (weather.refusing) {
      client.on('error', () => {}).resetAndDestroy();
      return;
    }
    const pair = pairOf(client, target, weather, (it) => pairs.delete(it));
    pairs.add(pair);
    pair.look();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const all = (act: keyof Pair): void => {
    for (const pair of pairs) pair[act]();
  };

  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    connections: () => pairs.size,
    delay: (ms) => {
      weather.delayMs = ms;
    },
    freeze: (...ways) => {
      for (const way of ways.length > 0 ? ways : (['up', 'down'] as const)) weather.frozen.add(way);
    },
    thaw() {
      weather.frozen.clear();
      all('look');
    },
    forget: () => all('forget'),
    cut: () => all('reset'),
    refuse() {
      weather.refusing = true;
      all('reset');
    },
    admit: () => {
      weather.refusing = false;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      all('reset');
      await closed;
    },
  };
}
