import { audienceRoles, may, type Place } from '../../domain/scope.ts';
import type { User } from '../../domain/user.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Nudge } from '../../runtime/nudge.ts';
import type { Store } from '../../store/commands.ts';
import type { ConsoleNotice } from '../../store/live.ts';
import { areaTree } from './area-tree.ts';

/** Whether a notice lights up this user's console. */
export const isFor = (user: User, notice: ConsoleNotice, place: Place): boolean =>
  audienceRoles[notice.audience].includes(user.role) && may(user, 'alert.see', place);

type Deps = {
  readonly store: Pick<Store, 'areaParents' | 'consoleNoticesById' | 'confirmShown'>;
  readonly clock: Clock;
  readonly nudge: Nudge;
};

/** A console's word that it has shown notices, believed for those that are for its user. */
export async function confirmShown(
  { store, clock, nudge }: Deps,
  user: User,
  noticeIds: readonly string[],
): Promise<void> {
  const notices = await store.consoleNoticesById({ ids: noticeIds });
  const placeOf = await areaTree(store).placesOf(notices);
  const ids = notices.filter((notice) => isFor(user, notice, placeOf(notice))).map((notice) => notice.id);
  const confirmed = await store.confirmShown({ noticeIds: ids, by: user.id, now: clock.now() });
  if (confirmed > 0) nudge.send('notices');
}
