import { expect, test } from 'vitest';
import { type Action, actions, may } from './scope.ts';
import { type Role, role, type User } from './user.ts';

const roles: readonly Role[] = role.options;
const at = { areaIds: ['station', 'street', 'district', 'root'], householdId: 'home' };
const user = (of: Role, areaId: string | null, householdId: string | null = null): User => ({
  id: 'u',
  login: 'login',
  name: 'name',
  role: of,
  areaId,
  householdId,
});

test.each(Object.entries(actions))('%s is for the roles of its row and no others', (action, allowed) => {
  const able = roles.filter((of) => may(user(of, 'root'), action as Action, at));
  expect(able.sort()).toEqual([...allowed].sort());
});

test.each([
  ['the place itself', 'station', true],
  ['an area above it', 'district', true],
  ['the root', 'root', true],
  ['a neighbouring station', 'other', false],
  ['nowhere', null, false],
])('a role that holds at %s: %s', (_, areaId, allowed) => {
  expect(may(user('operator', areaId), 'alert.see', at)).toBe(allowed);
});

test('a family sees its own household and nothing of the area around it', () => {
  expect(may(user('family', null, 'home'), 'alert.see', at)).toBe(true);
  expect(may(user('family', null, 'other'), 'alert.see', at)).toBe(false);
  expect(may(user('family', 'root', 'other'), 'alert.see', at)).toBe(false);
  expect(may(user('family', null, 'home'), 'area.see', { areaIds: ['station'], householdId: null })).toBe(false);
});
