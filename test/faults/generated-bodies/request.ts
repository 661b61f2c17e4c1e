import { Agent, request } from 'node:http';
import type { Dice } from '../../../device-sim/dice.ts';
import { nastyTexts } from '../nasty-texts.ts';
import type { Operation } from './api-description.ts';
import { type Known, sampleOf, spoilt } from './values.ts';

/** A request as it goes over the wire: nothing of it is put right on the way, as `fetch` would. */
export type Asked = {
  readonly method: string;
  readonly path: string;
  /** Name and value by turns; names may come twice. */
  readonly headers: readonly string[];
  readonly body: Buffer | null;
};
export type Answered = { readonly status: number; readonly contentType: string; readonly body: string };

const ANSWER_WITHIN_MS = 60_000;

export type Wire = {
  readonly ask: (asked: Asked) => Promise<Answered | { readonly failed: string }>;
  readonly close: () => void;
};

export function openWire(httpUrl: string): Wire {
  const { hostname, port, host } = new URL(httpUrl);
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const ask = ({ method, path, headers, body }: Asked, over: Agent | false): ReturnType<Wire['ask']> =>
    new Promise((resolve) => {
      const length = body === null ? [] : ['content-length', String(body.length)];
      const sent = request({
        ...{ agent: over, hostname, port, method, path },
        headers: ['host', host, ...headers, ...length],
      });
      sent.setTimeout(ANSWER_WITHIN_MS, () => sent.destroy(new Error('no answer')));
      sent.on('error', (error) => {
        // A connection may be closed by either side while it waits for the next request: that is nobody's fault, and is asked anew.
        if (sent.reusedSocket) resolve(ask({ method, path, headers, body }, false));
        else resolve({ failed: 'code' in error ? String(error.code) : error.message });
      });
      sent.on('response', async (response) => {
        const chunks: Uint8Array[] = [];
        try {
          for await (const chunk of response) chunks.push(chunk);
        } catch (error) {
          resolve({ failed: String(error) });
          return;
        }
        const contentType = response.headers['content-type'] ?? '';
        resolve({ status: response.statusCode ?? 0, contentType, body: Buffer.concat(chunks).toString() });
      });
      sent.end(body ?? undefined);
    });
  return { ask: (asked) => ask(asked, agent), close: () => agent.destroy() };
}

const pick = <T>(dice: Dice, from: readonly T[]): T => dice.pick(from as readonly [T, ...T[]]);

/** Node's client refuses some characters before they leave: those are left out, the rest goes as it is. */
const sayable = (text: string): string =>
  text.replace(/[^\u0021-\u00ff]/g, (c) => encodeURIComponent(c.toWellFormed()));

const oddParts = [
  ...[
    '..%2f..%2fetc%2fpasswd',
    '..',
    '%2e%2e',
    '%00',
    'a%00b',
    '%zz',
    '%',
    '%ff%fe',
    '%ed%a0%80',
    '%F0%9F%91%B4',
    '%2500',
    '*',
    ';x=1',
  ],
  ...[
    'x'.repeat(100),
    'x'.repeat(101),
    'x'.repeat(5_000),
    '__proto__',
    'constructor',
    'root',
    'system',
    '-1',
    '0',
    '%20',
    '%0d%0a',
    "'--",
  ],
];

/** Which ids a route's `{id}` stands for. */
const kindOf = (path: string): string => /^\/api\/(household|alert|hub|user|webhook)s/.exec(path)?.[1] ?? '';

function pathOf({ path }: Operation, dice: Dice, known: Known): string {
  const idOf = (name: string): string => {
    if (dice.chance(0.2))
      return dice.chance(0.5) ? pick(dice, oddParts) : sayable(encodeURIComponent(pick(dice, nastyTexts)));
    return pick(dice, known[name === 'partId' ? 'part' : kindOf(path)] ?? ['x']);
  };
  const named = path.replace(/\{(\w+)\}/g, (_, name: string) => idOf(name));
  if (dice.chance(0.95)) return named;
  return pick(dice, [
    `${named}/`,
    `/${named}`,
    named.toUpperCase(),
    `${named}/%2e%2e`,
    `${named}%00`,
    `${named};a`,
    `${named}//`,
  ]);
}

function queryOf({ query }: Operation, dice: Dice, known: Known): string {
  const said = query.flatMap(({ name, schema }) => {
    const value = dice.chance(0.7) ? sampleOf(schema, dice, known, name) : spoilt(null, dice);
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    const pair = `${pick(dice, [name, name, name, `${name}[]`, `${name}[a]`])}=${sayable(encodeURIComponent(text.toWellFormed()))}`;
    return dice.chance(0.15) ? [] : dice.chance(0.1) ? [pair, pair] : [pair];
  });
  if (dice.chance(0.05))
    said.push(pick(dice, ['__proto__=1', 'constructor[prototype]=1', '=', '&&&', '%', '%zz=1', 'x=%00']));
  return said.length === 0 ? '' : `?${said.join('&')}`;
}

const types = [
  ...[
    'application/json; charset=utf-7',
    'application/json;charset=utf-16',
    'application/json\t',
    'application/json;',
    'APPLICATION/JSON',
  ],
  ...[
    'application/json ; a=b',
    'application/jsonx',
    'text/plain',
    'text/plain; application/json',
    'application/x-www-form-urlencoded',
  ],
  ...[
    'multipart/form-data; boundary=x',
    'application/json, text/plain',
    'application/vnd.api+json',
    '*/*',
    '',
    'x',
    'application/json\ta',
  ],
];

function typeOf(dice: Dice): string[] {
  if (dice.chance(0.85)) return ['content-type', 'application/json'];
  if (dice.chance(0.2)) return [];
  const one = ['content-type', pick(dice, types)];
  return dice.chance(0.2) ? [...one, 'Content-Type', pick(dice, types)] : one;
}

const oddHeaders: readonly (readonly string[])[] = [
  ['x-http-method-override', 'DELETE'],
  ['x-http-method', 'PUT', 'x-method-override', 'PATCH'],
  ['x-forwarded-proto', 'https'],
  ['x-forwarded-proto', 'javascript'],
  ['x-forwarded-host', 'evil.invalid'],
  ['x-forwarded-for', 'unknown, 1.2.3.4, ::1, x'],
  ['accept-language', `${'zh;q=0.1,'.repeat(500)}en`],
  ['cookie', 'a=%zz; =; shouwang-session=; __proto__=1'],
  ['cookie', `x=${'y'.repeat(20_000)}`],
  ['x-long', 'z'.repeat(15_000)],
  ['origin', 'null'],
  ['origin', 'http://evil.invalid'],
  ['upgrade', 'websocket', 'connection', 'Upgrade', 'sec-websocket-version', '13', 'sec-websocket-key', 'x'],
  ['upgrade', 'h2c', 'connection', 'Upgrade'],
  ['expect', '100-continue'],
  ['expect', 'nothing'],
  ['range', 'bytes=0-1,2-3'],
  ['if-none-match', '*'],
  ['accept', 'application/xml'],
  ['accept-encoding', 'gzip;q=x'],
  ['content-encoding', 'gzip'],
  ['te', 'trailers'],
  ['authorization', 'Basic !!!'],
];

function bodyOf({ body }: Operation, dice: Dice, known: Known): Buffer | null {
  if (!body) return dice.chance(0.9) ? null : Buffer.from(JSON.stringify(spoilt(null, dice)));
  const value = sampleOf(body, dice, known);
  const text = JSON.stringify(dice.chance(0.5) ? value : spoilt(value, dice)) ?? '';
  if (dice.chance(0.9)) return Buffer.from(text);
  const at = dice.whole(0, text.length);
  return pick(dice, [
    () => Buffer.from(text.slice(0, at)),
    () => Buffer.from(`\ufeff${text}`),
    () => Buffer.from(text.replace('{', '{"__proto__":{"x":1},')),
    () => Buffer.from(text.replace('{', '{"constructor":{"prototype":{}},')),
    () => Buffer.from(text.replace(/:\d+/, ':1e999')),
    () => Buffer.from(text.replace(/:"[^"]*"/, ':"a\\u0000b\\ud800"')),
    () =>
      Buffer.concat([
        Buffer.from(text.slice(0, at)),
        Buffer.from([0xff, 0xed, 0xa0, 0x80]),
        Buffer.from(text.slice(at)),
      ]),
    () => Buffer.alloc(1_100_000, 0x20),
    () => Buffer.from('['.repeat(50_000)),
    () => Buffer.alloc(0),
  ])();
}

/** One request at an operation: mostly as the document has it, and somewhere not. */
export function requestAt(operation: Operation, dice: Dice, known: Known, cookie: string, origin: string): Asked {
  const body = bodyOf(operation, dice, known);
  const odd = dice.chance(0.15) ? pick(dice, oddHeaders) : [];
  const own = cookie === '' || odd.includes('cookie') ? [] : ['cookie', cookie];
  const from = odd.includes('origin') || dice.chance(0.05) ? [] : ['origin', origin];
  const method = dice.chance(0.97)
    ? operation.method
    : pick(dice, ['PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY']);
  return {
    method,
    path: pathOf(operation, dice, known) + queryOf(operation, dice, known),
    headers: [...own, ...from, ...odd, ...(body === null && dice.chance(0.9) ? [] : typeOf(dice))],
    body,
  };
}
