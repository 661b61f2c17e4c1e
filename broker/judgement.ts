import type { Finding } from '../domain/finding.ts';
import type { Packet, Position } from '../domain/packet.ts';
import type { Catalogue } from '../domain/reading.ts';
import type { AlarmState } from '../store/alarm-state.ts';
import type { AdmittedHub } from '../store/hub.ts';

/** What tells a hub, on its down-link, that its emergency is safely an open alert. */
export type Acknowledge = { readonly topic: string; readonly payload: string };

/** What a packet means for the commit that keeps it. */
export type Judgement = {
  readonly findings: readonly Finding[];
  readonly alarmStates: readonly AlarmState[];
  readonly catalogue: Catalogue | null;
  readonly unreadable: { readonly reason: string } | null;
  readonly acknowledge: Acknowledge | null;
  /** It speaks of what is about a life, or may do so, whether or not anything follows from it. */
  readonly critical: boolean;
};

/** Decodes and decides at once; handed in, since decoding is not the broker's matter. The position is that of something critical. */
export type Judge = (packet: Packet, position: Position, hub: AdmittedHub) => Judgement;

export type Accepted = { readonly acknowledge: Acknowledge | null };
