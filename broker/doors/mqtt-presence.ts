import type { Clock } from '../../runtime/clock.ts';
import type { AdmittedHub } from '../../store/hub.ts';
import type { Intake } from '../intake.ts';

export type Presence<C> = {
  /** Resolves when it is on disk that this is the hub's connection, here and nowhere else. */
  readonly up: (hub: AdmittedHub, connection: C) => Promise<void>;
  /**
   * Tells of a loss only when this is the hub's newest connection: a take-over ends the old one after the new one began.
   * `silentMs`: for how long nothing had come over it; 0 when its hub ended it.
   */
  readonly down: (hub: AdmittedHub, connection: C, silentMs: number) => void;
  readonly of: (hubId: string) => C | undefined;
  /** The connection of a hub that has since made a newer one elsewhere, of that epoch. One that is not on disk yet may be newer still. */
  readonly overtaken: (hubId: string, epoch: number) => C | undefined;
  /** From now on ends are ours, not the hubs': they are told to nobody. */
  readonly silence: () => void;
};

type Newest<C> = { readonly connection: C; epoch: number; claimed: boolean };

/**
 * Which connection is a hub's newest. Epochs are seconds since 1970, so that they grow across restarts and front ends too; where clocks
 * differ, the store puts them in order and the journal is told of the right one as well.
 */
export function presenceOf<C>(intake: Pick<Intake, 'claim' | 'link'>, clock: Pick<Clock, 'now'>): Presence<C> {
  const newest = new Map<string, Newest<C>>();
  const lastEpoch = new Map<string, number>();
  let silent = false;

  return {
    async up(hub, connection) {
      const { hubId } = hub;
      const epoch = Math.max((lastEpoch.get(hubId) ?? 0) + 1, Math.floor(clock.now() / 1_000));
      const known = { connection, epoch, claimed: false };
      lastEpoch.set(hubId, epoch);
      newest.set(hubId, known);
      const inOrder = await intake.claim(epoch, hub);
      known.claimed = true;
      if (inOrder === epoch || newest.get(hubId) !== known) return;
      known.epoch = inOrder;
      lastEpoch.set(hubId, inOrder);
      if (!silent) intake.link({ kind: 'up', epoch: inOrder }, hub);
    },
    down(hub, connection, silentMs) {
      const known = newest.get(hub.hubId);
      if (known?.connection !== connection) return;
      newest.delete(hub.hubId);
      if (!silent) intake.link({ kind: 'down', epoch: known.epoch, silentMs }, hub);
    },
    of: (hubId) => newest.get(hubId)?.connection,
    overtaken(hubId, epoch) {
      const known = newest.get(hubId);
      return known?.claimed && known.epoch < epoch ? known.connection : undefined;
    },
    silence: () => {
      silent = true;
    },
  };
}
