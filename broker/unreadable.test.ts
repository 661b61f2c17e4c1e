import { expect, test } from 'vitest';
import { OTHER_TOPICS, sampleOf, unreadableTally } from './unreadable.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

test('what cannot be read is counted by hub, topic and reason, with a sample and the last time', () => {
  const tally = unreadableTally();
  tally.count('h1', 'a', 'not_json', bytes('{'), 1);
  tally.count('h1', 'a', 'not_json', bytes('['), 2);
  tally.count('h1', 'a', 'too_deep', bytes('x'), 3);
  tally.count('h2', 'a', 'not_json', bytes('x'), 4);
  expect(tally.take()).toEqual([
    { hubId: 'h1', topic: 'a', reason: 'not_json', count: 2, at: 2, sample: '{' },
    { hubId: 'h1', topic: 'a', reason: 'too_deep', count: 1, at: 3, sample: 'x' },
    { hubId: 'h2', topic: 'a', reason: 'not_json', count: 1, at: 4, sample: 'x' },
  ]);
  expect(tally.take()).toEqual([]);
});

test('a hub that invents topics is counted under one name from the hundred and first on', () => {
  const tally = unreadableTally();
  for (let n = 0; n < 1_000; n++) tally.count('h1', `t/${n}`, 'not_json', bytes('x'), n);
  tally.count('h1', 't/5', 'not_json', bytes('x'), 1_000);
  tally.count('h2', 't/999', 'not_json', bytes('x'), 1_001);
  const taken = tally.take();
  expect(taken).toHaveLength(102);
  expect(taken.find(({ topic }) => topic === OTHER_TOPICS)).toMatchObject({ hubId: 'h1', count: 900 });
  expect(taken.find(({ topic }) => topic === 't/5')).toMatchObject({ count: 2 });
  expect(taken.find(({ hubId }) => hubId === 'h2')).toMatchObject({ topic: 't/999' });
});

test('samples and topics are short and harmless to look at', () => {
  expect(sampleOf(bytes('a\u0000\u001b[31m\n\u202e中'))).toBe('a\\u0000\\u001b[31m\\u000a\\u202e中');
  expect(sampleOf(Buffer.alloc(5_000, 'x'))).toHaveLength(200);
  const tally = unreadableTally();
  tally.count('h', `\u0000${'t'.repeat(60_000)}`, 'not_json', bytes(''), 0);
  expect(tally.take()[0]?.topic).toMatch(/^\\u0000t{255}$/);
});
