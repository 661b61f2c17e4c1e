import type { Priority } from '../../../domain/category.ts';
import type { HouseholdFile } from '../../wire/household.ts';

type Seen = { readonly at: number; readonly room: string } | null;
export type Answer =
  | { readonly kind: 'open'; readonly priority: Priority; readonly lastMotion: Seen }
  | { readonly kind: 'well' | 'unknown'; readonly lastMotion: Seen };

type Known = Pick<HouseholdFile, 'openAlerts' | 'hubs' | 'devices'>;

/** What can be said of a home. Well only when every hub is connected: a home that we cannot hear is unknown. */
export function howIsIt({ openAlerts, hubs, devices }: Known): Answer {
  const lastMotion = lastActivity(devices);
  const [first, ...rest] = openAlerts;
  if (first) {
    const priority = rest.reduce<Priority>(
      (least, alert) => (alert.priority < least ? alert.priority : least),
      first.priority,
    );
    return { kind: 'open', priority, lastMotion };
  }
  const heard = hubs.length > 0 && hubs.every(({ connected }) => connected);
  return { kind: heard ? 'well' : 'unknown', lastMotion };
}

function lastActivity(devices: Known['devices']): Seen {
  const moved = devices.flatMap(({ room, last }) =>
    last
      // That a sensor has fallen still says as much: something moved there until then.
      .filter(({ kind }) => kind === 'motion' || kind === 'presence')
      .map(({ at }) => ({ at, room })),
  );
  return moved.toSorted((a, b) => b.at - a.at)[0] ?? null;
}
