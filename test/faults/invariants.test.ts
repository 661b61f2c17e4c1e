import { describe, expect, test } from 'vitest';
import type { Notice } from '../../domain/notice.ts';
import { planFor } from '../../domain/plan.ts';
import type { Turn } from '../../store/processor.ts';
import { acknowledgedIsKept, emergencyHasOneAlert, type MessagesSeen, takesEffectOnce } from './invariants-messages.ts';
import { turnsOnlyGoOn } from './invariants-processor.ts';
import { type Told, tellingAgainst } from './invariants-telling.ts';
import { JOURNALLED, loadLedger, OCCURRED, OCCURRED_AGAIN } from './load-ledger.ts';

const hub = { clientId: 'h' };
const message = (seq: number) => ({ hub: 'h', boot: 'b', seq });

/** Two movements and a press, all acknowledged, kept and dealt with as they should be. */
function kept(): MessagesSeen {
  const ledger = loadLedger();
  for (const seq of [1, 2, 3]) {
    ledger.onSend(hub, 'b', seq, seq === 3);
    ledger.onAck(hub, 'b', seq);
    ledger.mark(message(seq), JOURNALLED);
  }
  ledger.mark(message(3), OCCURRED);
  const effects = [
    { hub: 'h', kind: 'motion', added: 2, kept: 0 },
    { hub: 'h', kind: 'sos', added: 1, kept: 1 },
  ] as const;
  return { ledger, effects, unsaid: [], miscounted: [], doubled: 0 };
}

describe('of messages', () => {
  const all = (seen: MessagesSeen) =>
    [acknowledgedIsKept, takesEffectOnce, emergencyHasOneAlert].map((it) => it(seen).length);

  test('nothing is said when all is as it should be, whatever was never acknowledged', () => {
    const seen = kept();
    seen.ledger.onSend(hub, 'b', 4, false);
    expect(all(seen)).toEqual([0, 0, 0]);
  });

  test('an acknowledged one that is nowhere is lost', () => {
    const seen = kept();
    seen.ledger.onSend(hub, 'b', 9_999, false);
    seen.ledger.onAck(hub, 'b', 9_999);
    expect(acknowledgedIsKept(seen)).toEqual(['1 acknowledged messages are not in the journal, like h/b/9999']);
  });

  test.each([
    ['added up twice', { hub: 'h', kind: 'motion', added: 3, kept: 0 }],
    ['never added up', { hub: 'other', kind: 'motion', added: 2, kept: 0 }],
  ] as const)('one that was %s is noticed', (_, effect) => {
    expect(takesEffectOnce({ ...kept(), effects: [effect] })).toHaveLength(1);
  });

  test('an emergency without an alert, in two of them, or that nobody called is noticed', () => {
    const silent = kept();
    silent.ledger.onSend(hub, 'b', 5, true);
    silent.ledger.onAck(hub, 'b', 5);
    expect(emergencyHasOneAlert(silent)).toHaveLength(1);
    const twice = kept();
    twice.ledger.mark(message(3), OCCURRED_AGAIN);
    expect(emergencyHasOneAlert(twice)).toHaveLength(1);
    expect(emergencyHasOneAlert({ ...kept(), unsaid: ['ev:h:b:7:0'] })).toHaveLength(1);
    expect(emergencyHasOneAlert({ ...kept(), doubled: 1 })).toHaveLength(1);
  });

  test('what was never said cannot be marked', () => {
    expect(kept().ledger.mark(message(7), OCCURRED)).toBe(0);
  });
});

describe('of telling', () => {
  const plan = { ...planFor('sos', {}), steps: [{ afterSeconds: 0, tell: ['owner'], channels: ['webhook'] }] } as const;
  const notice: Notice = {
    ...{
      id: 'n',
      alertId: 'a',
      householdId: 'h',
      step: 0,
      round: 0,
      audience: 'owner',
      channel: 'webhook',
      fallback: [],
    },
    ...{ state: 'delivered', reason: 'sent', attempts: 1, createdAt: 0, nextAttemptAt: 0, deliveredAt: 9 },
  };
  const delivery = { noticeId: 'n', channel: 'webhook', attemptedAt: 5, outcome: 'sent' } as const;
  const heard = (times: number, lastAt = 8) => new Map([['n', { alertId: 'a', times, firstAt: 7, lastAt }]]);
  const told = (more: Partial<Told> = {}): Told => ({
    alert: {
      id: 'a',
      step: 0,
      plan: {
        ...plan,
        steps: [...plan.steps].map((step) => ({ ...step, tell: [...step.tell], channels: [...step.channels] })),
      },
      closedAt: null,
    },
    ...{ notices: [notice], deliveries: [delivery], receptions: heard(1), kills: [], latestMs: 10_000 },
    ...more,
  });
  const found = (more: Partial<Told>) => tellingAgainst(told(more)).map((cases) => cases.length);

  test.each<[string, Partial<Told>, number[]]>([
    ['all told, recorded and heard once is as it should be', {}, [0, 0, 0, 0, 0]],
    ['a step that nobody was told of', { notices: [], deliveries: [] }, [1, 0, 0, 0, 0]],
    ['an end without a record', { deliveries: [] }, [0, 1, 1, 0, 0]],
    ['a delivery that the receiver knows nothing of', { receptions: new Map() }, [0, 1, 0, 0, 0]],
    ['one that came twice without a crash', { receptions: heard(2) }, [0, 0, 1, 0, 0]],
    ['one that came twice because of a crash', { receptions: heard(2), kills: [7] }, [0, 0, 0, 0, 0]],
    ['one that came thrice because of a crash', { receptions: heard(3), kills: [7] }, [0, 0, 1, 0, 0]],
    ['one that came late', { latestMs: 6 }, [0, 0, 0, 1, 0]],
    [
      'an attempt long after the end',
      { alert: { ...told().alert, closedAt: 0 }, deliveries: [{ ...delivery, attemptedAt: 10_001 }] },
      [0, 0, 0, 0, 1],
    ],
  ])('%s', (_, more, expected) => {
    expect(found(more)).toEqual(expected);
  });
});

test('turns that leave one out, or read less than the one before, are noticed', () => {
  const turn = (number: number, at: number, read: number): Turn => ({
    number,
    at,
    watchingSince: 0,
    linksSince: 0,
    cut: { s: read },
  });
  expect(turnsOnlyGoOn('0', [turn(1, 1, 1), turn(2, 1, 1), turn(3, 2, 4)])).toEqual([]);
  for (const next of [turn(3, 2, 2), turn(2, 0, 2), turn(2, 2, 0)])
    expect(turnsOnlyGoOn('0', [turn(1, 1, 1), next])).toHaveLength(1);
});
