import { describe, expect, test } from 'vitest';
import { HEARD_WITHIN_MS } from '../domain/notice.ts';
import { minutes, seconds } from '../domain/time.ts';
import type { Told } from './channel.ts';
import { attemptMs, backOffMs, outcomeOf } from './outcome.ts';
import { aNotice, NIGHT } from './test-telling.ts';

const told = (kind: Told['kind'], reason: Told['reason'], destination = 'd'): Told => ({
  ...{ kind, reason, destination },
  answer: '',
});
const sent = told('sent', 'sent');
const unreachable = told('retry', 'unreachable');
const refused = told('gave_up', 'refused');

const last = aNotice({ channel: 'webhook', fallback: [] });
const first = aNotice({ channel: 'webhook', fallback: ['console'] });

test('one receiver that heard it is enough, and every attempt is on record', () => {
  const outcome = outcomeOf(last, [unreachable, sent, refused], NIGHT, NIGHT + 1);
  expect(outcome).toMatchObject({ state: 'delivered', reason: 'sent', passOn: false });
  expect(outcome.deliveries.map((delivery) => delivery.outcome)).toEqual(['retry', 'sent', 'gave_up']);
});

test('what everybody refused for good goes to the next channel, or has failed when there is none', () => {
  expect(outcomeOf(first, [refused], NIGHT, NIGHT)).toMatchObject({ state: 'superseded', passOn: true });
  expect(outcomeOf(last, [refused], NIGHT, NIGHT)).toMatchObject({ state: 'failed', reason: 'refused', passOn: false });
});

test('one that may come back is tried again although another refused', () => {
  expect(outcomeOf(last, [refused, unreachable], NIGHT, NIGHT)).toMatchObject({ state: 'due', reason: 'unreachable' });
});

test('what consoles have in hand is looked at again in time for the next channel', () => {
  const notice = aNotice();
  const waiting = told('waiting', 'sent');
  const { state, nextAttemptAt } = outcomeOf(notice, [waiting], NIGHT, NIGHT);
  expect(state).toBe('waiting');
  expect(nextAttemptAt).toBeLessThan(notice.createdAt + HEARD_WITHIN_MS);
  const late = NIGHT + minutes(10);
  expect(outcomeOf(notice, [waiting], late, late).nextAttemptAt).toBe(late + seconds(5));
});

describe('a receiver that is down', () => {
  test('is tried after 1, 2, 4 … seconds, at most a minute', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 60].map((attempts) => backOffMs(attempts) / 1_000)).toEqual([
      1, 2, 4, 8, 16, 32, 60, 60, 60,
    ]);
  });

  /** All attempts at a notice, each taking `takesMs` or as long as it may, until it ends; offsets from its creation. */
  function attempts(notice: typeof first, takesMs: number) {
    const at: number[] = [];
    let now = notice.createdAt;
    for (let n = notice; ; ) {
      at.push(now - notice.createdAt);
      const took = Math.min(takesMs, attemptMs(n, now));
      const outcome = outcomeOf(n, [unreachable], now, now + took);
      if (outcome.state !== 'due') return { at, end: now + took - notice.createdAt, outcome };
      n = { ...n, attempts: n.attempts + 1 };
      now = outcome.nextAttemptAt;
    }
  }

  test.each([0, 100, 1_000, 3_000, 5_000, 60_000])(
    'and takes %i ms to fail gives way to the next channel within 15 s',
    (ms) => {
      const { at, end, outcome } = attempts(first, ms);
      expect(outcome).toMatchObject({ state: 'superseded', passOn: true, reason: 'unreachable' });
      expect(end).toBeLessThan(HEARD_WITHIN_MS);
      expect(at.length).toBeGreaterThan(1);
    },
  );

  test('is given up after an hour when there is no other channel', () => {
    const { at, end, outcome } = attempts(last, 100);
    expect(outcome.state).toBe('failed');
    expect(end).toBeGreaterThan(minutes(58));
    expect(end).toBeLessThanOrEqual(minutes(60));
    expect(at.length).toBeLessThan(80);
  });

  test('is left alone for as long as it asks, but not past the time of the next channel', () => {
    const asked = { ...unreachable, notBeforeMs: seconds(30) };
    expect(outcomeOf(last, [asked], NIGHT, NIGHT).nextAttemptAt).toBe(NIGHT + seconds(30));
    expect(outcomeOf(first, [asked], NIGHT, NIGHT).state).toBe('superseded');
  });
});
