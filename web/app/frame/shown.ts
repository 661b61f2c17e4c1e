import type { ServerFrame } from '../../wire/system.ts';

type Nudge = Extract<ServerFrame, { kind: 'alerts' }>;
type Waiting = { readonly alertIds: readonly string[]; readonly noticeIds: readonly string[]; readonly since: number };

/** After this a notice has long gone to its next channel. */
const FORGET_MS = 60_000;
const MOST = 200;

let waiting: readonly Waiting[] = [];

/** Notices that ask to be shown; they are confirmed when their alerts stand on a screen that somebody can see. */
export function awaitShowing({ alertIds, noticeIds }: Nudge, now: number): void {
  if (noticeIds.length > 0) waiting = [...waiting, { alertIds, noticeIds, since: now }].slice(-MOST);
}

const stands = (alertId: string): boolean => document.querySelector(`[data-alert="${CSS.escape(alertId)}"]`) !== null;

/** The notices whose alerts can now be seen, as the queue fetched at `fetchedAt` has them; each is given once. */
export function nowShown(now: number, fetchedAt: number): string[] {
  if (waiting.length === 0 || document.visibilityState !== 'visible') return [];
  const shown = waiting.filter(({ alertIds, since }) => fetchedAt > since && alertIds.every(stands));
  waiting = waiting.filter((one) => !shown.includes(one) && now - one.since < FORGET_MS);
  return shown.flatMap(({ noticeIds }) => noticeIds);
}
