import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rehearsal, rehearse } from '../../../test/rehearsal.ts';

let it: Rehearsal;
let url: string;
beforeAll(async () => {
  it = await rehearse();
  url = `/api/hubs/${it.home.hubId}/commands`;
});
afterAll(() => it.stop());

test('an installer says something to a hub, and sees what became of it; the look is recorded', async () => {
  const installer = await it.logIn('installer', it.north);
  const nudged = new Promise<void>((resolve) => it.nudge.on('commands', resolve));
  const body = { topic: 'sw/hub-0/down', payload: '{"led":"on"}', minutes: 5 };
  const asked = await it.ask('POST', url, { ...installer, body });
  expect(asked).toMatchObject({
    status: 201,
    body: { hubId: it.home.hubId, askedBy: installer.id, state: 'waiting', expiresAt: it.clock.now() + 300_000 },
  });
  await nudged;
  it.clock.forward(300_000);
  const seen = await it.ask('GET', url, installer);
  expect(seen).toMatchObject({
    status: 200,
    body: { commands: [{ id: asked.body.id, state: 'expired', sentAt: null }] },
  });
  expect(await it.store.looksAt({ householdId: it.home.id, limit: 1 })).toMatchObject([
    { userId: installer.id, what: 'commands' },
  ]);
});

test.each([
  ['a filter for a topic', { topic: 'sw/+/down', payload: '' }],
  ['a topic of the server', { topic: '$SYS/x', payload: '' }],
  ['no topic', { topic: '', payload: '' }],
  ['more than a hub takes', { topic: 't', payload: '守'.repeat(22_000) }],
  ['a day and longer', { topic: 't', payload: '', minutes: 1_441 }],
])('%s is refused in words', async (_, body) => {
  const owner = await it.logIn('owner', 'root');
  expect(await it.ask('POST', url, { ...owner, body })).toMatchObject({ status: 400, body: { code: 'invalid' } });
});

test('one more than a hundred that wait is refused', async () => {
  const owner = await it.logIn('owner', 'root');
  const say = () => it.ask('POST', url, { ...owner, body: { topic: 't', payload: 'x' } });
  for (let n = 0; n < 100; n++) expect((await say()).status).toBe(201);
  expect(await say()).toMatchObject({ status: 409, body: { code: 'too_many_commands' } });
});
