import type { Clock } from '../../runtime/clock.ts';
import type { AdmittedHub } from '../../store/hub.ts';
import type { Intake } from '../intake.ts';

export type Presence<C> = {
  readonly up: (hub: AdmittedHub, connection: C) => void;
  /** Tells of a loss only when this is the hub's newest connection: a take-over ends the old one after the new one began. */
  readonly down: (hub: AdmittedHub, connection: C) => void;
  readonly of: (hubId: string) => C | undefined;
  /** From now on ends are ours, not the hubs': they are told to nobody. */
  readonly silence: () => void;
};

/** Which connection is a hub's newest. Epochs are seconds since 1970, so that they grow across restarts and front ends too. */
export function presenceOf<C>(tell: Intake['link'], clock: Pick<Clock, 'now'>): Presence<C> {
  const newest = new Map<string, { readonly connection: C; readonly epoch: number }>();
  const lastEpoch = new Map<string, number>();
  let silent = false;

  return {
    up(hub, connection) {
      const { hubId } = hub;
      const epoch = Math.max((lastEpoch.get(hubId) ?? 0) + 1, Math.floor(clock.now() / 1_000));
      lastEpoch.set(hubId, epoch);
      newest.set(hubId, { connection, epoch });
      tell({ kind: 'up', epoch }, hub);
    },
    down(hub, connection) {
      const known = newest.get(hub.hubId);
      if (known?.connection !== connection) return;
      newest.delete(hub.hubId);
      if (!silent) tell({ kind: 'down', epoch: known.epoch }, hub);
    },
    of: (hubId) => newest.get(hubId)?.connection,
    silence: () => {
      silent = true;
    },
  };
}
