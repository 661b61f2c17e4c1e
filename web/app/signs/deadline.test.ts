import { describe, expect, it } from 'vitest';
import { planFor } from '../../../domain/plan.ts';
import { minutes, seconds } from '../../../domain/time.ts';
import { deadlineOf, left } from './deadline.ts';

const raisedAt = 1_000_000;
const untaken = {
  state: 'open' as const,
  plan: planFor('sos', {}),
  step: 0,
  raisedAt,
  nextDue: raisedAt + seconds(60),
  takenAt: null,
  attendedAt: null,
};

describe('the deadline of an alert', () => {
  it('runs from one rung of the plan to the next while nobody has taken it', () => {
    expect(deadlineOf(untaken)).toEqual({ kind: 'tell', from: raisedAt, to: raisedAt + seconds(60), late: false });
  });

  it('is a repetition once every rung has been told', () => {
    const nextDue = raisedAt + seconds(300);
    expect(deadlineOf({ ...untaken, step: 2, nextDue })).toEqual({
      kind: 'tell',
      from: nextDue - seconds(120),
      to: nextDue,
      late: true,
    });
  });

  it('runs from taking to being on site', () => {
    const takenAt = raisedAt + seconds(20);
    const nextDue = takenAt + minutes(30);
    expect(deadlineOf({ ...untaken, state: 'taken', takenAt, nextDue })).toEqual({
      kind: 'attend',
      from: takenAt,
      to: nextDue,
      late: false,
    });
  });

  it('is late when the promised time to be on site has passed', () => {
    const takenAt = raisedAt;
    const nextDue = takenAt + minutes(32);
    expect(deadlineOf({ ...untaken, state: 'taken', takenAt, nextDue })).toMatchObject({ kind: 'attend', late: true });
  });

  it('does not exist for a closed alert', () => {
    expect(deadlineOf({ ...untaken, state: 'closed', nextDue: null })).toBeNull();
  });

  it('empties evenly and stays empty', () => {
    const deadline = { kind: 'tell' as const, from: 0, to: 100, late: false };
    expect([left(deadline, -10), left(deadline, 25), left(deadline, 100), left(deadline, 500)]).toEqual([
      1, 0.75, 0, 0,
    ]);
  });
});
