import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Alert,
  type AlertAction,
  type AlertState,
  act,
  alert as alertSchema,
  causeEnded,
  escalate,
  REOPEN_WITHIN_MS,
  raise,
  recur,
} from './alert.ts';
import type { Category } from './category.ts';
import type { Finding } from './finding.ts';
import { planFor } from './plan.ts';
import { hours, minutes, seconds } from './time.ts';

const GONE = { zh: '已恢复', en: 'It is over' };
const T0 = Date.UTC(2026, 10, 22, 18, 10);

const found = (category: Category, occurrenceKey = 'k1'): Finding => ({
  householdId: 'home',
  category,
  about: { hubId: 'hub', device: 'button' },
  rule: 'critical',
  occurrenceKey,
  at: T0,
  delayMs: 0,
  sentence: { zh: '按下了紧急按钮', en: 'The emergency button was pressed' },
  evidence: { readings: [], numbers: {} },
});

const raised = (category: Category = 'sos'): Alert => raise(found(category), '', planFor(category, {}), 'a1', T0).alert;

const take: AlertAction = { kind: 'take' };
const attend: AlertAction = { kind: 'attend' };
const close: AlertAction = { kind: 'close', disposition: 'accidental', text: '' };
const reopen: AlertAction = { kind: 'reopen', text: '' };
const comment: AlertAction = { kind: 'comment', text: 'on the phone' };

function done(alert: Alert, action: AlertAction, by = 'anna', now = T0): Alert {
  const decided = act(alert, action, by, alert.version, now);
  if ('refusal' in decided) throw new Error(decided.refusal);
  return { ...alert, ...decided.patch, version: alert.version + 1 };
}

const inState: Record<AlertState, Alert> = {
  open: raised(),
  taken: done(raised(), take),
  attended: done(raised(), attend),
  closed: done(raised(), close),
};

describe('what a person may do', () => {
  test.each([
    ['open', take, 'taken'],
    ['open', attend, 'attended'],
    ['open', close, 'closed'],
    ['open', reopen, 'not_closed'],
    ['open', comment, 'open'],
    ['taken', take, 'already_taken'],
    ['taken', attend, 'attended'],
    ['taken', close, 'closed'],
    ['taken', reopen, 'not_closed'],
    ['taken', comment, 'taken'],
    ['attended', take, 'already_taken'],
    ['attended', attend, 'already_taken'],
    ['attended', close, 'closed'],
    ['attended', reopen, 'not_closed'],
    ['attended', comment, 'attended'],
    ['closed', take, 'already_closed'],
    ['closed', attend, 'already_closed'],
    ['closed', close, 'already_closed'],
    ['closed', reopen, 'taken'],
    ['closed', comment, 'closed'],
  ] as const)('from %s, %o leads to %s', (state, action, expected) => {
    const before = inState[state];
    const decided = act(before, action, 'anna', before.version, T0 + 1);
    expect('refusal' in decided ? decided.refusal : { ...before, ...decided.patch }.state).toBe(expected);
  });

  test('taking what another has taken is refused with that reason', () => {
    expect(act(inState.taken, take, 'bo', 9, T0)).toEqual({ refusal: 'taken_by_another' });
  });

  test('nobody closes a cause that they have not seen', () => {
    const again = { ...inState.taken, ...recur(inState.taken, found('sos', 'k2'), T0 + 1).patch, version: 3 };
    expect(act(again, close, 'anna', 2, T0 + 2)).toEqual({ refusal: 'happened_again' });
    expect(act(again, close, 'anna', 3, T0 + 2)).toMatchObject({ patch: { state: 'closed' } });
  });

  test('a comment of another since does not stand in the way of closing', () => {
    const commented = done(inState.taken, comment, 'bo');
    expect(act(commented, close, 'anna', inState.taken.version, T0)).toMatchObject({ patch: { state: 'closed' } });
  });

  test('a closed alert can be reopened for ten minutes, and is then in the hand of who reopened it', () => {
    const { closed } = inState;
    expect(act(closed, reopen, 'bo', closed.version, T0 + REOPEN_WITHIN_MS)).toMatchObject({
      patch: { state: 'taken', takenBy: 'bo', closedAt: null, disposition: null },
    });
    expect(act(closed, reopen, 'bo', closed.version, T0 + REOPEN_WITHIN_MS + 1)).toEqual({
      refusal: 'already_closed',
    });
  });

  test('taking sets the attend deadline, attending the close deadline, closing ends them', () => {
    expect(inState.taken.nextDue).toBe(T0 + minutes(30));
    expect(inState.attended.nextDue).toBe(T0 + hours(4));
    expect(inState.closed.nextDue).toBeNull();
  });
});

describe('an alert that nobody takes', () => {
  /** Every telling until `end`, each at its deadline. */
  function tellings(alert: Alert, end: number): [number, string[]][] {
    const told: [number, string[]][] = [];
    let now = alert;
    for (let due = now.nextDue; due !== null && due <= end; due = now.nextDue) {
      const decided = escalate(now, due);
      if (!decided) throw new Error('a deadline without a consequence');
      now = { ...now, ...decided.patch, version: now.version + 1 };
      told.push([(due - alert.raisedAt) / 1_000, decided.notices.map((notice) => notice.audience)]);
    }
    return told;
  }

  test('an SOS goes to the hotline after 60 s, to district and owner after 180 s, then to all of them every 120 s', () => {
    const last = ['district', 'hotline', 'station', 'owner'];
    expect(tellings(raised(), T0 + seconds(540))).toEqual([
      [60, ['hotline']],
      [180, last],
      [300, last],
      [420, last],
      [540, last],
    ]);
  });

  test('repeats for ever, and no telling is the same as another', () => {
    const orders = new Set<string>();
    let now = raised();
    for (let i = 0; i < 1_000; i++) {
      const decided = escalate(now, now.nextDue ?? Number.NaN);
      for (const { step, round, audience } of decided?.notices ?? []) orders.add(`${step} ${round} ${audience}`);
      now = { ...now, ...decided?.patch };
    }
    expect(orders.size).toBe(1 + 999 * 4);
    expect(now.nextDue).toBe(T0 + seconds(180 + 999 * 120));
  });

  test('after an outage goes through the missed rungs one after the other, at once', () => {
    const late = T0 + hours(1);
    expect(tellings({ ...raised(), nextDue: T0 + seconds(60) }, T0 + seconds(200))).toHaveLength(2);
    const first = escalate(raised(), late);
    expect(first).toMatchObject({ patch: { step: 1, nextDue: late } });
    expect(escalate({ ...raised(), ...first?.patch }, late)).toMatchObject({
      patch: { step: 2, nextDue: late + seconds(120) },
    });
  });

  test('does nothing before its time', () => {
    expect(escalate(raised(), T0 + seconds(60) - 1)).toBeNull();
  });
});

describe('an alert in hand', () => {
  test.each([
    ['taken', 'attend_overdue'],
    ['attended', 'close_overdue'],
  ] as const)('%s for too long is told again as %s to the desks and the owner', (state, kind) => {
    const alert = inState[state];
    const due = alert.nextDue ?? Number.NaN;
    const decided = escalate(alert, due);
    expect(decided).toMatchObject({ event: { kind }, patch: { nextDue: due + seconds(120) } });
    expect(decided?.notices.map((notice) => notice.audience)).toEqual(['station', 'hotline', 'owner']);
  });

  test('a technical matter that is overdue does not trouble the hotline, nor an incident of the system a station', () => {
    const overdueOf = (category: Category) => {
      const taken = done(raised(category), take);
      return escalate(taken, taken.nextDue ?? Number.NaN)?.notices.map((notice) => notice.audience);
    };
    expect(overdueOf('battery_low')).toEqual(['station', 'owner']);
    expect(overdueOf('system')).toEqual(['owner']);
  });

  test('an emergency that happens again on it is told again to the desks, with the webhook behind the console', () => {
    const decided = recur(inState.taken, found('sos', 'k2'), T0 + 5);
    expect(decided.notices).toEqual(
      ['station', 'hotline'].map((audience) => ({
        step: 0,
        round: 1,
        audience,
        channel: 'console',
        fallback: ['webhook'],
      })),
    );
    expect(decided.patch.nextDue).toBe(inState.taken.nextDue);
  });

  test('an emergency that happens again after somebody attended must be attended anew', () => {
    const later = T0 + hours(3);
    expect(recur(inState.attended, found('sos', 'k2'), later).patch).toMatchObject({
      state: 'taken',
      nextDue: later + minutes(30),
    });
  });

  test('a door that opens again disturbs nobody who has it in hand', () => {
    const taken = done(raised('door_open'), take);
    expect(recur(taken, found('door_open', 'k2'), T0 + 1).notices).toEqual([]);
  });

  test('on an open alert one more cause is an occurrence and leaves its deadline alone', () => {
    const decided = recur(raised(), found('sos', 'k2'), T0 + 1);
    expect(decided.notices).toEqual([]);
    expect(decided.patch).not.toHaveProperty('nextDue');
    expect(decided.patch.occurrences).toBe(2);
  });
});

describe('a technical alert whose cause went away', () => {
  test('closes by itself while nobody has it in hand, and is only noted otherwise', () => {
    const alert = raised('hub_lost');
    expect(causeEnded(alert, GONE, T0 + 1).patch).toMatchObject({ state: 'closed', disposition: 'recovered' });
    expect(causeEnded(done(alert, take), GONE, T0 + 1)).toMatchObject({ patch: {}, event: { kind: 'cause_ended' } });
  });

  test('an emergency never closes by itself', () => {
    expect(causeEnded(raised('smoke'), GONE, T0 + 1).patch).toEqual({});
  });
});

test('whatever happens in whatever order, an unclosed alert has a deadline, and only an unclosed one', () => {
  const what = fc.constantFrom('take', 'attend', 'close', 'reopen', 'comment', 'recur', 'escalate', 'end');
  const actions: Partial<Record<string, AlertAction>> = { take, attend, close, reopen, comment };
  const categoryOf = fc.constantFrom<Category>('sos', 'water_leak', 'door_open', 'hub_lost', 'system');
  fc.assert(
    fc.property(categoryOf, fc.array(fc.tuple(what, fc.nat(hours(2))), { maxLength: 40 }), (category, steps) => {
      let alert = raised(category);
      let now = T0;
      for (const [name, passed] of steps) {
        now += passed;
        const action = actions[name];
        const decided = action
          ? act(alert, action, 'anna', alert.version, now)
          : name === 'recur' && alert.state !== 'closed'
            ? recur(alert, found(category, `${now}`), now)
            : name === 'end' && alert.state !== 'closed'
              ? causeEnded(alert, GONE, now)
              : escalate(alert, now);
        if (decided && 'patch' in decided) alert = { ...alert, ...decided.patch, version: alert.version + 1 };
        expect(alert.nextDue === null).toBe(alert.state === 'closed');
        expect(alert.closedAt === null).toBe(alert.state !== 'closed');
        if (alert.state === 'taken' || alert.state === 'attended') expect(alert.takenBy).not.toBeNull();
        expect(alertSchema.parse(alert)).toEqual(alert);
      }
    }),
  );
});
