import { expect, test } from 'vitest';
import type { Place } from '../../domain/scope.ts';
import type { Role, User } from '../../domain/user.ts';
import type { AlertNews, ConsoleNotice } from '../../store/live.ts';
import { frameFor, OVERLAP_MS, onceOnly, type Tidings } from './tidings.ts';

const change = (alertId: string, version: number, at: number): AlertNews => ({
  ...{ alertId, version, at },
  ...{ householdId: 'home', stationId: 'north' },
});
const notice = (id: string): ConsoleNotice => ({
  ...{ id, alertId: 'a', audience: 'station' },
  ...{ householdId: 'home', stationId: 'north' },
});
const user = (role: Role, areaId: string): User => ({
  id: 'u',
  login: 'u',
  name: 'u',
  role,
  areaId,
  householdId: null,
});
const placeOf = (): Place => ({ areaIds: ['north', 'root'], householdId: 'home' });
const tidings = (more: Partial<Tidings>): Tidings => ({ changes: [], notices: [], placeOf, at: 7, ...more });
const told = (...ids: string[]) => ({ greeted: true, noticeIds: new Set(ids) });

test('each version of an alert passes once, and is forgotten when it cannot come again', () => {
  const unseen = onceOnly();
  expect(unseen([change('a', 1, 100)], 100)).toHaveLength(1);
  expect(unseen([change('a', 1, 100), change('a', 2, 90)], 200)).toEqual([change('a', 2, 90)]);
  expect(unseen([], 100 + OVERLAP_MS + 1)).toEqual([]);
  expect(unseen([change('a', 1, 100)], 100)).toHaveLength(1);
});

test('a console hears of what its user may see, and of its own notices once', () => {
  const all = tidings({ changes: [change('a', 1, 1), change('a', 2, 2)], notices: [notice('n1'), notice('n2')] });
  expect(frameFor(user('operator', 'north'), told('n1'), all)).toEqual({
    ...{ kind: 'alerts', serverAt: 7 },
    ...{ alertIds: ['a'], noticeIds: ['n2'] },
  });
  expect(frameFor(user('supervisor', 'root'), told(), all)).toMatchObject({ alertIds: ['a'], noticeIds: [] });
  expect(frameFor(user('operator', 'south'), told(), all)).toBeNull();
});

test('nothing new is no frame, except for a console that has just come', () => {
  expect(frameFor(user('operator', 'north'), told('n'), tidings({ notices: [notice('n')] }))).toBeNull();
  const come = { greeted: false, noticeIds: new Set<string>() };
  expect(frameFor(user('operator', 'north'), come, tidings({}))).toMatchObject({ alertIds: [], noticeIds: [] });
});

test('with a notice comes the alert that it is about: to be confirmed it must stand on the screen, changed or not', () => {
  const all = tidings({ changes: [change('b', 1, 1)], notices: [notice('n1'), notice('n2')] });
  expect(frameFor(user('operator', 'north'), told(), all)).toMatchObject({ alertIds: ['a', 'b'] });
  expect(frameFor(user('supervisor', 'root'), told(), all)).toMatchObject({ alertIds: ['b'] });
  expect(frameFor(user('operator', 'north'), told('n1', 'n2'), all)).toMatchObject({ alertIds: ['b'] });
});

test('a frame is bounded: the rest comes with the next one', () => {
  const notices = Array.from({ length: 700 }, (_, n) => notice(`n${n}`));
  const first = frameFor(user('operator', 'north'), told(), tidings({ notices }));
  const ids = first?.kind === 'alerts' ? first.noticeIds : [];
  expect(ids).toHaveLength(500);
  expect(frameFor(user('operator', 'north'), told(...ids), tidings({ notices }))).toMatchObject({
    noticeIds: notices.slice(500).map(({ id }) => id),
  });
});
