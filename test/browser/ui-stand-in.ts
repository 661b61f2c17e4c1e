import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { WebSocketServer } from 'ws';
import type * as z from 'zod';
import { act } from '../../domain/alert.ts';
import { readingKind } from '../../domain/reading.ts';
import type { Role } from '../../domain/user.ts';
import {
  type ActRequest,
  actAnswer,
  actRequest,
  alertAnswer,
  type QueuedAlert,
  queueAnswer,
} from '../../web/wire/alert.ts';
import * as home from '../../web/wire/household.ts';
import { consoleFrame, type ServerFrame, systemAnswer } from '../../web/wire/system.ts';
import * as canned from './ui-answers.ts';
import * as homes from './ui-homes.ts';

const dist = join(import.meta.dirname, '../../web/app/dist');
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
/** What the real server sends with every page: nothing inline may run. */
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws: wss:";

/** The API's contract over loopback with canned rows, so that the screens can be looked at in any state. */
export class StandIn {
  role: Role | null = 'operator';
  alerts: QueuedAlert[] = [];
  /** Whether frames are sent; a silent server is one that is not there. */
  speaks = true;
  /** Answered instead of an action, once. */
  refuseOnce: (() => void) | null = null;
  readonly shown: string[] = [];
  readonly asked: string[] = [];
  readonly #server = createServer((request, response) => {
    void this.#answer(request, response);
  });
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #beat = setInterval(() => this.send({ kind: 'beat', serverAt: Date.now() }), 1_000);

  async start(): Promise<string> {
    this.#server.on('upgrade', (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (connected) => {
        connected.on('message', (text) => {
          this.shown.push(...consoleFrame.parse(JSON.parse(String(text))).noticeIds);
        });
        if (this.speaks) connected.send(JSON.stringify({ kind: 'hello', serverAt: Date.now() }));
      });
    });
    await new Promise<void>((ready) => this.#server.listen(0, '127.0.0.1', ready));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    clearInterval(this.#beat);
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  send(frame: ServerFrame): void {
    if (!this.speaks) return;
    for (const socket of this.#sockets.clients) socket.send(JSON.stringify(frame));
  }

  /** A new alert comes in, with a notice to be confirmed as shown. */
  raise(alert: QueuedAlert, noticeId: string): void {
    this.alerts = [...this.alerts, alert].toSorted((a, b) => a.priority - b.priority);
    this.send({ kind: 'alerts', serverAt: Date.now(), alertIds: [alert.id], noticeIds: [noticeId] });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stand.in');
    if (!url.pathname.startsWith('/api/')) return this.#page(url.pathname, response);
    let text = '';
    for await (const chunk of request) text += chunk;
    const path = url.pathname.slice(5);
    this.asked.push(`${request.method} ${path}`);
    const [status, body] = this.#api(
      `${request.method} ${path}`,
      url.searchParams,
      text === '' ? null : JSON.parse(text),
    );
    response.writeHead(status, { 'content-type': 'application/json', 'content-security-policy': policy });
    response.end(JSON.stringify(body));
  }

  async #page(path: string, response: ServerResponse): Promise<void> {
    const file = extname(path) === '' ? '/index.html' : path;
    const content = await readFile(join(dist, file)).catch(() => null);
    response.writeHead(content ? 200 : 404, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': policy,
    });
    response.end(content);
  }

  #api(what: string, query: URLSearchParams, body: unknown): [number, unknown] {
    const now = Date.now();
    const ok = <S extends z.ZodType>(schema: S, answer: z.input<S>): [number, unknown] => [200, schema.parse(answer)];
    const key = {
      hubId: 'hub-9',
      clientId: 'sw-9h2kf',
      username: 'sw-9h2kf',
      key: 'kR2tq8VwZ3mY7nL5xB1cD4eF6gH9jK0pQsUvWyA',
    };
    const alert =
      this.alerts.find(({ id }) => what.includes(`alerts/${id}`)) ??
      canned.lastClosed(now).find(({ id }) => what.includes(`alerts/${id}`));
    if (what === 'GET session')
      return [200, { loggedIn: this.role && canned.userOf(this.role), mqtt: { port: 1883, tlsPort: 8883 } }];
    if (what === 'DELETE session') this.role = null;
    if (what.startsWith('POST session')) this.role ??= 'operator';
    if (what === 'GET alerts') return ok(queueAnswer, this.#queue(query.get('state'), now));
    if (alert && what.endsWith('/act')) return this.#act(alert, actRequest.parse(body), now);
    if (alert) return ok(alertAnswer, canned.alertAnswerOf(alert, now));
    if (what === 'GET households') {
      const rows = homes.rowsOf(now).filter(({ name }) => name.includes(query.get('search') ?? ''));
      return ok(home.householdsAnswer, { households: rows, total: rows.length });
    }
    if (what.endsWith('/access')) return ok(home.accessAnswer, { access: '钥匙在门卫处。门禁 2580。' });
    if (what.endsWith('/timeline')) return ok(home.timelineAnswer, { entries: homes.timelineOf(now) });
    if (what.endsWith('/series')) {
      const kind = readingKind.parse(query.get('kind'));
      return ok(home.seriesAnswer, {
        kind,
        unit: '',
        points: homes.pointsOf(kind, Number(query.get('from')), Number(query.get('to'))),
      });
    }
    const id = /^GET households\/([^/]+)$/.exec(what)?.[1];
    if (id)
      return ok(
        home.householdFile,
        homes.fileOf(
          id,
          now,
          this.alerts.filter(({ householdId }) => householdId === id),
        ),
      );
    if (what.endsWith('/hubs') || what.endsWith('/keys')) return ok(home.hubKeyAnswer, key);
    if (what === 'POST registrations') {
      home.registrationsRequest.parse(body);
      return ok(home.registrationsAnswer, { registered: [{ householdId: 'home-1', ...key }] });
    }
    if (what === 'GET areas') return [200, { areas: homes.areas }];
    if (what === 'GET users')
      return [200, { users: [canned.userOf('owner'), { ...canned.userOf('operator'), id: 'u2' }] }];
    if (what === 'GET webhooks') {
      return [
        200,
        {
          webhooks: [
            { id: 'w1', areaId: 'root', audience: 'hotline', url: 'https://hotline.example/alerts', createdAt: now },
          ],
        },
      ];
    }
    if (what === 'GET system') return ok(systemAnswer, homes.systemOf(now));
    if (what.startsWith('GET '))
      return [404, { code: 'not_found', message: '没有找到，或不在您的范围内。', details: [] }];
    return [200, {}];
  }

  #queue(state: string | null, now: number): z.input<typeof queueAnswer> {
    const count = (wanted: QueuedAlert['state']): number => this.alerts.filter((one) => one.state === wanted).length;
    const counts = { open: count('open'), taken: count('taken'), attended: count('attended'), closed: 3 };
    const unclosed = this.alerts.filter((one) => one.state !== 'closed');
    const lists: Record<string, QueuedAlert[]> = {
      closed: canned.lastClosed(now),
      mine: unclosed.filter(({ takenBy }) => takenBy === 'me'),
    };
    return { serverAt: now, alerts: lists[state ?? ''] ?? unclosed, counts };
  }

  #act(alert: QueuedAlert, { version, action }: ActRequest, now: number): [number, unknown] {
    this.refuseOnce?.();
    this.refuseOnce = null;
    const current = this.alerts.find(({ id }) => id === alert.id) ?? alert;
    const change = act(current, action, 'me', version, now);
    if ('refusal' in change) return [409, { code: change.refusal, message: '', details: [] }];
    const next = { ...current, ...change.patch, version: current.version + 1 };
    const named = {
      ...next,
      takenByName: next.takenBy === null ? null : next.takenBy === 'me' ? '值守员甲' : '值守员乙',
    };
    this.alerts = this.alerts.map((one) => (one.id === alert.id ? named : one));
    return [200, actAnswer.parse({ alert: named })];
  }
}
