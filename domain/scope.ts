import type { Audience } from './plan.ts';
import type { Role, User } from './user.ts';

/** Everything that can be asked of Shouwang, and who may ask it. The one table of permissions. */
export const actions = {
  'session.own': ['owner', 'supervisor', 'operator', 'hotline', 'installer', 'family'],
  'alert.see': ['owner', 'supervisor', 'operator', 'hotline', 'family'],
  'alert.act': ['owner', 'operator', 'hotline'],
  'household.see': ['owner', 'supervisor', 'operator', 'hotline', 'installer', 'family'],
  'household.access': ['owner', 'operator', 'hotline'],
  'household.edit': ['owner', 'operator', 'installer'],
  'hub.edit': ['owner', 'installer'],
  'area.see': ['owner', 'supervisor', 'operator', 'hotline', 'installer', 'family'],
  'area.edit': ['owner'],
  'user.edit': ['owner'],
  'webhook.edit': ['owner'],
  'system.see': ['owner', 'supervisor', 'operator', 'hotline'],
} as const satisfies Record<string, readonly Role[]>;

export type Action = keyof typeof actions;

/** Where a thing stands: its areas from itself up to the root, and its household if it belongs to one. */
export type Place = { readonly areaIds: readonly string[]; readonly householdId: string | null };

/** The one scope check. */
export function may(user: User, action: Action, place: Place): boolean {
  const roles: readonly Role[] = actions[action];
  if (!roles.includes(user.role)) return false;
  if (user.householdId !== null) return place.householdId === user.householdId;
  return user.areaId !== null && place.areaIds.includes(user.areaId);
}

/** Whose console a notice lights up. */
export const audienceRoles: Record<Audience, readonly Role[]> = {
  station: ['operator'],
  family: ['family'],
  hotline: ['hotline'],
  district: ['supervisor'],
  owner: ['owner'],
};
