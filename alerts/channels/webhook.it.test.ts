import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { minutes } from '../../domain/time.ts';
import type { Told } from '../channel.ts';
import { type Answer, accepting, answering, openReceiver, type Receiver, silent } from '../test-receiver.ts';
import { aTelling, NIGHT, type TellingParts } from '../test-telling.ts';
import { isAuthentic } from './signature.ts';
import { webhooks } from './webhook.ts';
import { webhookMessage } from './webhook-message.ts';

let receiver: Receiver;
beforeEach(async () => {
  receiver = await openReceiver();
});
afterEach(() => receiver.close());

const channel = webhooks('https://desk.test', () => NIGHT);
const to = () => ({ id: 'w1', url: receiver.url, secret: 'a secret of ours' });

async function tell(parts: TellingParts = {}, withinMs = 5_000): Promise<Told> {
  const notice = { channel: 'webhook' as const, ...parts.notice };
  const telling = aTelling({ destinations: [to()], ...parts, notice });
  const [told] = await channel.tell(telling, AbortSignal.timeout(withinMs));
  if (!told) throw new Error('a channel answers at least once');
  return told;
}
const sentBody = () => webhookMessage.parse(JSON.parse(receiver.received.at(-1)!.body));

const text =
  (status: number, body: string): Answer =>
  (_, response) =>
    void response.writeHead(status).end(body);

describe('only the receiver’s own word is success', () => {
  test.each<[string, Answer, Pick<Told, 'kind' | 'reason'>]>([
    ['{"received": true}', accepting, { kind: 'sent', reason: 'sent' }],
    ['201 and {"received": true, …}', answering(201, { received: true, ticket: 7 }), { kind: 'sent', reason: 'sent' }],
    ['{"received": false}', answering(200, { received: false }), { kind: 'retry', reason: 'refused' }],
    ['{"received": "true"}', answering(200, { received: 'true' }), { kind: 'retry', reason: 'refused' }],
    ['an error under a status of 200', answering(200, { errcode: 45009 }), { kind: 'retry', reason: 'refused' }],
    ['the page of a proxy', text(200, '<html>sign in</html>'), { kind: 'retry', reason: 'refused' }],
    ['nothing', text(204, ''), { kind: 'retry', reason: 'refused' }],
    ['400', answering(400, { received: true }), { kind: 'gave_up', reason: 'refused' }],
    ['401', text(401, ''), { kind: 'gave_up', reason: 'refused' }],
    ['410', text(410, ''), { kind: 'gave_up', reason: 'refused' }],
    ['408', text(408, ''), { kind: 'retry', reason: 'refused' }],
    ['429', text(429, ''), { kind: 'retry', reason: 'refused' }],
    ['500', answering(500, { received: true }), { kind: 'retry', reason: 'unreachable' }],
    ['503', text(503, ''), { kind: 'retry', reason: 'unreachable' }],
    ['a broken connection', (_, response) => void response.destroy(), { kind: 'retry', reason: 'unreachable' }],
  ])('%s', async (_, answer, expected) => {
    receiver.answer = answer;
    expect(await tell()).toMatchObject({ ...expected, destination: expect.stringMatching(/^127\.0\.0\.1:\d+ w1$/) });
  });
});

test('a redirect is not followed: nobody named the other place', async () => {
  const elsewhere = await openReceiver();
  for (const status of [301, 302, 307, 308]) {
    receiver.answer = answering(status, {}, { location: elsewhere.url });
    expect(await tell()).toMatchObject({ kind: 'gave_up', reason: 'refused' });
  }
  expect(elsewhere.received).toEqual([]);
  await elsewhere.close();
});

test('a receiver that says nothing is left in time', async () => {
  receiver.answer = silent;
  expect(await tell({}, 100)).toMatchObject({ kind: 'retry', reason: 'unreachable', answer: 'TimeoutError' });
});

test('so is one that drips its answer', async () => {
  receiver.answer = (_, response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write(' '), 5);
    response.on('close', () => clearInterval(drip));
  };
  expect(await tell({}, 100)).toMatchObject({ kind: 'retry', answer: 'TimeoutError' });
});

test('of an endless answer the beginning is read, and little of it kept', async () => {
  receiver.answer = (_, response) => {
    response.writeHead(500);
    const flood = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
      if (!response.destroyed) response.once('drain', flood);
    };
    flood();
  };
  const told = await tell();
  expect(told).toMatchObject({ kind: 'retry', reason: 'unreachable' });
  expect(told.answer.length).toBeLessThanOrEqual(500);
});

test.each([
  ['7', 7_000],
  ['86400', 60_000],
  ['-1', undefined],
  ['soon', undefined],
])('a receiver that asks for %s s is left alone for %s ms', async (asked, expected) => {
  receiver.answer = answering(429, {}, { 'retry-after': asked });
  expect((await tell()).notBeforeMs).toBe(expected);
});

test('every receiver of the audience is tried, and each answers for itself', async () => {
  const other = await openReceiver(answering(503, {}));
  const telling = aTelling({
    notice: { channel: 'webhook' },
    destinations: [to(), { ...to(), id: 'w2', url: other.url }],
  });
  const told = await channel.tell(telling, AbortSignal.timeout(5_000));
  expect(told.map(({ kind }) => kind)).toEqual(['sent', 'retry']);
  await other.close();
});

test('an audience without a receiver has none', async () => {
  expect(await tell({ destinations: [] })).toMatchObject({ kind: 'gave_up', reason: 'no_destination' });
});

test('a message is signed, and neither altered nor old nor with another secret is it authentic', async () => {
  await tell();
  const { headers, body } = receiver.received[0]!;
  const received = {
    timestamp: String(headers['shouwang-timestamp']),
    signature: String(headers['shouwang-signature']),
    body,
  };
  const { secret } = to();
  expect(isAuthentic(secret, received, NIGHT + minutes(5) - 1)).toBe(true);
  expect(isAuthentic(secret, received, NIGHT + minutes(5) + 1_000)).toBe(false);
  expect(isAuthentic(secret, received, NIGHT - minutes(6))).toBe(false);
  expect(isAuthentic('another', received, NIGHT)).toBe(false);
  expect(isAuthentic(secret, { ...received, body: `${body} ` }, NIGHT)).toBe(false);
  expect(isAuthentic(secret, { ...received, timestamp: `${Number(received.timestamp) + 1}` }, NIGHT)).toBe(false);
  expect(isAuthentic(secret, { ...received, timestamp: 'now' }, NIGHT)).toBe(false);
  expect(isAuthentic(secret, { ...received, signature: '' }, NIGHT)).toBe(false);
});

test('the delivery id is the notice’s, and the link leads to the alert', async () => {
  await tell();
  expect(receiver.received[0]!.headers['shouwang-delivery']).toBe('notice-1');
  expect(sentBody()).toMatchObject({ version: 1, delivery: 'notice-1', desk: 'https://desk.test/?alert=alert-1' });
});

test('who goes there or calls there learns where and whom; who is told that nobody acted does not', async () => {
  for (const audience of ['station', 'hotline', 'family'] as const) {
    await tell({ notice: { audience } });
    const { household, residents, contacts } = sentBody();
    expect([household.address, residents.length, contacts.length]).toEqual(['Lane 4', 1, 1]);
  }
  for (const audience of ['district', 'owner'] as const) {
    await tell({ notice: { audience } });
    const { household, residents, contacts } = sentBody();
    expect([household.address, household.latitude, residents, contacts]).toEqual([null, null, [], []]);
  }
});
