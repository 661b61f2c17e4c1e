import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** How somebody else's server may be: what it does with a batch. */
export const moods = {
  /** Hands it on. */
  well: 'well',
  /** Fails inside. */
  errors: 500,
  /** Is too busy. */
  busy: 429,
  /** Reads it and never answers. */
  hangs: 'hangs',
  /** Hands it on, and the connection goes before the answer comes: it must be sent again. */
  forgets: 'forgets',
} as const;
export type Mood = keyof typeof moods;

export type MoodyReceiver = {
  readonly url: string;
  /** Changes its mood; whoever hangs is cut off by it. */
  readonly be: (mood: Mood) => void;
  readonly batches: Record<Mood, number>;
  readonly goDown: () => Promise<void>;
  readonly comeUp: () => Promise<void>;
};

/** Stands before a real receiver at `target`. Lines that hold `poison` are refused with their whole batch, as InfluxDB does, whatever its mood. */
export async function openMoodyReceiver(target: string, poison: string): Promise<MoodyReceiver> {
  let mood: Mood = 'well';
  const hanging = new Set<Socket>();
  const batches: Record<Mood, number> = { well: 0, errors: 0, busy: 0, hangs: 0, forgets: 0 };

  async function handOn(request: IncomingMessage, body: Buffer): Promise<number> {
    const encoding = request.headers['content-encoding'];
    const headers = { ...(encoding && { 'content-encoding': encoding }) };
    return (await fetch(`${target}${request.url}`, { method: 'POST', body: new Uint8Array(body), headers })).status;
  }
  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    batches[mood]++;
    if (mood === 'hangs') return void hanging.add(request.socket);
    const does = moods[mood];
    if (typeof does === 'number') return void response.writeHead(does).end();
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
    if (text.includes(poison)) return void response.writeHead(400).end('{"code":"invalid"}');
    const status = await handOn(request, body);
    if (does === 'forgets') request.socket.destroy();
    else response.writeHead(status).end();
  }
  const server = createServer((request, response) => {
    take(request, response).catch(() => request.socket.destroy());
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
    return address.port;
  };
  const port = await listen(0);
  return {
    url: `http://127.0.0.1:${port}`,
    be(next) {
      mood = next;
      for (const socket of hanging) socket.destroy();
      hanging.clear();
    },
    batches,
    async goDown() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
    comeUp: async () => void (await listen(port)),
  };
}
