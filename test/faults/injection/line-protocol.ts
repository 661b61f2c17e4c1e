import { once } from 'node:events';
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';

/** A line as a database takes it: by InfluxDB's own description of its protocol, and not by the library that writes it. */
export type Line = {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: string;
  readonly timestamp: string;
};

/** Cuts at a character wherever no backslash stands before it; there is no other quoting outside of fields. */
function cut(text: string, at: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\' && i + 1 < text.length) part += `${text[i]}${text[++i]}`;
    else if (text[i] === at) {
      parts.push(part);
      part = '';
    } else part += text[i];
  }
  return [...parts, part];
}
/** A backslash before anything else is one. */
const unescaped = (text: string): string => text.replace(/\\([,= ])/g, '$1');

export function linesOf(body: string): Line[] {
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [series = '', fields = '', timestamp = '', ...more] = cut(line, ' ');
      if (more.length > 0) throw new Error(`a line of ${3 + more.length} parts: ${JSON.stringify(line)}`);
      const [measurement = '', ...tags] = cut(series, ',');
      return {
        ...{ measurement: unescaped(measurement), fields, timestamp },
        tags: Object.fromEntries(
          tags.map((tag) => {
            const [name = '', value = '', ...rest] = cut(tag, '=');
            if (rest.length > 0) throw new Error(`a tag of ${2 + rest.length} parts: ${JSON.stringify(tag)}`);
            return [unescaped(name), unescaped(value)];
          }),
        ),
      };
    });
}

/** Takes what InfluxDB would take. */
export async function openSeriesReceiver(): Promise<{
  readonly url: string;
  readonly text: () => string;
  readonly close: () => Promise<void>;
}> {
  let text = '';
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    text += `${request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body}\n`;
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    text: () => text,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
