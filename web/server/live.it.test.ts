import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { Role } from '../../domain/user.ts';
import { hashOfKey } from '../../store/hub.ts';
import { type Rehearsal, rehearse } from '../../test/rehearsal.ts';
import { type ServerFrame, serverFrame } from '../wire/system.ts';
import { listen } from './listen.ts';

let it: Rehearsal;
let url: string;
let sockets: WebSocket[];
beforeEach(async () => {
  it = await rehearse();
  sockets = [];
  url = (await listen(it.app, { host: '127.0.0.1', port: 0 })).url;
});
afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  await it.stop();
});

type Screen = {
  readonly socket: WebSocket;
  readonly id: string;
  readonly cookie: string;
  readonly frames: ServerFrame[];
  /** The alerts and notices told so far. */
  readonly told: () => { alertIds: string[]; noticeIds: string[] };
  readonly closed: Promise<unknown>;
};

function connect(cookie: string, headers: Record<string, string> = {}, autoPong = true): WebSocket {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/live`, { headers: { cookie, ...headers }, autoPong });
  sockets.push(socket);
  return socket;
}

async function screen(role: Role, where: string, autoPong = true): Promise<Screen> {
  const { cookie, id } = await it.logIn(role, where);
  const socket = connect(cookie, { origin: url }, autoPong);
  const frames: ServerFrame[] = [];
  socket.on('message', (data) => frames.push(serverFrame.parse(JSON.parse(String(data)))));
  const closed = once(socket, 'close');
  await once(socket, 'open');
  // The first frames are the greeting, and that everything is to be fetched once.
  await vi.waitFor(() => expect(frames.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['hello', 'alerts'])));
  const told = () => {
    const all = frames.filter((frame) => frame.kind === 'alerts');
    return { alertIds: all.flatMap((it) => it.alertIds), noticeIds: all.flatMap((it) => it.noticeIds) };
  };
  return { socket, id, cookie, frames, told, closed };
}

test('an emergency reaches the screens of those who are to be told, and nobody else', async () => {
  const [desk, son, stranger, supervisor] = await Promise.all([
    screen('operator', it.north),
    screen('family', it.home.id),
    screen('operator', it.south),
    screen('supervisor', 'root'),
  ]);
  const { id } = await it.raise('sos', it.home.id, it.home.hubId);
  const { notices } = (await it.store.alertRecord({ id }))!;
  const noticeFor = (audience: string) =>
    notices.filter((notice) => notice.audience === audience).map((notice) => notice.id);
  await vi.waitFor(() => {
    expect(desk.told()).toEqual({ alertIds: [id], noticeIds: noticeFor('station') });
    expect(son.told()).toEqual({ alertIds: [id], noticeIds: noticeFor('family') });
    expect(supervisor.told()).toEqual({ alertIds: [id], noticeIds: [] });
  });
  expect(stranger.told()).toEqual({ alertIds: [], noticeIds: [] });
});

test('a screen that opens later is told what nobody has shown yet', async () => {
  const { id } = await it.raise('sos', it.home.id, it.home.hubId);
  const late = await screen('operator', it.north);
  await vi.waitFor(() => expect(late.told().noticeIds).toHaveLength(1));
  const { notices } = (await it.store.alertRecord({ id }))!;
  expect(notices.find(({ audience }) => audience === 'station')?.id).toBe(late.told().noticeIds[0]);
});

test('what a screen says it has shown is delivered, told to no one again, and only its own is believed', async () => {
  const stranger = await screen('operator', it.south);
  const desk = await screen('operator', it.north);
  const { id } = await it.raise('sos', it.home.id, it.home.hubId);
  await vi.waitFor(() => expect(desk.told().noticeIds).toHaveLength(1));
  const frame = JSON.stringify({ kind: 'shown', noticeIds: desk.told().noticeIds });
  stranger.socket.send(frame);
  stranger.socket.ping();
  await once(stranger.socket, 'pong');
  desk.socket.send(frame);
  await vi.waitFor(async () => {
    const { deliveries } = (await it.store.alertRecord({ id }))!;
    expect(deliveries).toMatchObject([{ channel: 'console', destination: desk.id, outcome: 'sent' }]);
  });
  const colleague = await screen('operator', it.north);
  expect(colleague.told().noticeIds).toEqual([]);
});

test('a change is told once, also when it was committed late with an earlier time', async () => {
  const desk = await screen('operator', it.north);
  const first = await it.raise('sos', it.home.id, it.home.hubId);
  await vi.waitFor(() => expect(desk.told().alertIds).toEqual([first.id]));
  it.clock.forward(3_000);
  await it.ask('GET', '/api/session');
  it.nudge.send('alerts');
  it.clock.forward(-2_000);
  const second = await it.raise('smoke', it.home.id, it.home.hubId);
  await vi.waitFor(() => expect(desk.told().alertIds).toEqual([first.id, second.id]));
});

test('a lost nudge costs half a second, not an alarm', async () => {
  const desk = await screen('operator', it.north);
  const finding = {
    householdId: it.home.id,
    about: { hubId: it.home.hubId, device: 'button' },
    rule: 'r',
    at: 0,
    delayMs: 0,
  };
  const words = { sentence: { zh: '', en: '' }, evidence: { readings: [], numbers: {} } };
  const findings = [{ ...finding, ...words, category: 'sos', occurrenceKey: 'unseen' }] as const;
  const [alert] = await it.store.raise({ findings, now: it.clock.now() });
  await vi.waitFor(() => expect(desk.told().alertIds).toEqual([alert!.id]), { timeout: 2_000 });
});

test.each([
  ['a stranger', {}, 401],
  ['another site', { origin: 'https://evil.example' }, 403],
])('%s gets no connection', async (who, headers, status) => {
  const { cookie } = await it.logIn('operator', it.north);
  const socket = connect(who === 'a stranger' ? 'shouwang-session=made-up' : cookie, headers);
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  expect(response.statusCode).toBe(status);
});

test('an installer, who may see no alerts, hears that the server is there, and of no alert', async () => {
  const installer = await screen('installer', it.north);
  const desk = await screen('operator', it.north);
  const { id } = await it.raise('sos', it.home.id, it.home.hubId);
  await vi.waitFor(() => expect(desk.told().alertIds).toEqual([id]));
  await vi.waitFor(() => expect(installer.frames.some(({ kind }) => kind === 'beat')).toBe(true), { timeout: 4_000 });
  expect(installer.told()).toEqual({ alertIds: [], noticeIds: [] });
});

test('logging out closes the screen at once', async () => {
  const desk = await screen('operator', it.north);
  const other = await screen('operator', it.north);
  await it.ask('DELETE', '/api/session', { cookie: desk.cookie });
  await desk.closed;
  expect(other.socket.readyState).toBe(WebSocket.OPEN);
});

test('a session that ends elsewhere closes its screen with the next beat', async () => {
  const desk = await screen('operator', it.north);
  await it.store.endSession({ tokenHash: hashOfKey(desk.cookie.split('=')[1]!) });
  await desk.closed;
});

test('the server beats every three seconds, and drops a screen that does not answer for five', async () => {
  const [awake, asleep] = [await screen('operator', it.north), await screen('operator', it.north, false)];
  await asleep.closed;
  expect(awake.frames.some(({ kind }) => kind === 'beat')).toBe(true);
  expect(awake.socket.readyState).toBe(WebSocket.OPEN);
});

test('a screen that sends what is no frame is dropped', async () => {
  const desk = await screen('operator', it.north);
  desk.socket.send('{"kind":"take"}');
  await desk.closed;
});

test('from the commit of an SOS to the frame it takes milliseconds', async () => {
  const desk = await screen('operator', it.north);
  const tookMs: number[] = [];
  for (let n = 0; n < 20; n++) {
    const known = desk.frames.length;
    const raisedAt = performance.now();
    await it.raise('sos', it.home.id, it.home.hubId);
    while (desk.frames.length === known) await setImmediate();
    tookMs.push(performance.now() - raisedAt);
  }
  expect(tookMs.toSorted((a, b) => a - b)[10]).toBeLessThan(100);
});
