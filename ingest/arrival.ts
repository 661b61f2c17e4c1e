import type { Finding } from '../domain/finding.ts';
import type { Decoded, Packet, Position } from '../domain/packet.ts';
import { type Catalogue, isLifeCritical } from '../domain/reading.ts';
import type { AlarmState } from '../store/alarm-state.ts';
import type { AdmittedHub } from '../store/hub.ts';
import { type AlarmMemory, alarmMemory, remember } from './alarm-memory.ts';
import { acknowledgement, decode } from './decoders/registry.ts';
import { type EventsHeard, hearEvent } from './duplicates.ts';
import type { Conclusion, Origin } from './rule.ts';
import { criticalFinding, isCritical, speaksOfLife, unreadableFinding } from './rules/critical.ts';
import { nameOf } from './words.ts';

/** What must be true before a packet is acknowledged. */
export type Arrival = {
  /** Life-critical ones, and what could not be read on an emergency topic. */
  readonly findings: readonly Finding[];
  /** Those that have changed. */
  readonly alarmStates: readonly AlarmState[];
  /** The hub has described its devices. */
  readonly catalogue: Catalogue | null;
  readonly unreadable: { readonly reason: string } | null;
  /** Goes out on the hub's own down-link after the commit, when the packet held an emergency: it is an alert on disk, or has been. */
  readonly acknowledge: { readonly topic: string; readonly payload: string } | null;
  /** It held something life-critical, or may have. */
  readonly critical: boolean;
};

const NOTHING: Arrival = {
  findings: [],
  alarmStates: [],
  catalogue: null,
  unreadable: null,
  acknowledge: null,
  critical: false,
};

/** Hubs whose events are remembered, at most. */
const HUBS = 200_000;
/**
 * Emergencies of one message that are raised before it is acknowledged; no home has more at a time. All homes wait for that commit, so what
 * a message claims beyond is left to the processor, which raises it a moment later and a little at a time.
 */
const EMERGENCIES_A_MESSAGE = 20;

export type Arrivals = Pick<AlarmMemory, 'learn'> & {
  readonly judge: (packet: Packet, position: Position, hub: AdmittedHub) => Arrival;
};

/**
 * The judgement on arrival, before the PUBACK: the same code and the same occurrence keys as the processor's, so that it does no harm
 * that both conclude. A message without anything critical costs its decoding and nothing else. Never throws. (What is
 * remembered is ahead of the disk until the commit; one that fails is asked again, or the process ends.)
 */
export function arrivals(known: readonly AlarmState[]): Arrivals {
  const alarms = alarmMemory(known);
  /** Events that held something critical: a copy of an old "yes" must not pass for the present state of an alarm. Its original is on disk, or before it in the same commit. */
  const heard = new Map<string, EventsHeard>();

  function isCopy(hubId: string, event: Decoded['event']): boolean {
    if (!event) return false;
    const events = heard.get(hubId) ?? [];
    remember(heard, hubId, events, HUBS);
    return hearEvent(events, event, true) === 'copy';
  }

  function critical(decoded: Decoded, origin: Origin, packet: Packet, hub: AdmittedHub): Arrival {
    const { hubId, householdId } = hub;
    const { receivedAt, topic } = packet;
    const alarmStates: AlarmState[] = [];
    const conclusions: Conclusion[] = [];
    if (!isCopy(hubId, decoded.event)) {
      decoded.readings.forEach((reading, index) => {
        const tooMany = conclusions.length >= EMERGENCIES_A_MESSAGE && isLifeCritical(reading);
        if (!isCritical(reading) || tooMany || !alarms.counts(hubId, reading, receivedAt, alarmStates)) return;
        const known = hub.names.get(reading.device);
        const name = nameOf(known?.room ?? '', known?.name || reading.device);
        conclusions.push(criticalFinding(origin, hubId, reading, index, receivedAt, name));
      });
      if (decoded.unreadable) conclusions.push(unreadableFinding(origin, hubId, topic, receivedAt));
    }
    // The copy of an emergency and an alarm that goes on are no new findings, and their hub waits for an answer all the same.
    const emergency = decoded.unreadable !== null || decoded.readings.some(isLifeCritical);
    const answer = decoded.event && emergency ? acknowledgement(topic, decoded.event, hub.ecosystem) : null;
    return {
      findings: conclusions.map((it) => ({ ...it, householdId, rule: 'critical' })),
      alarmStates,
      catalogue: decoded.catalogue,
      unreadable: decoded.unreadable,
      acknowledge: answer,
      critical: true,
    };
  }

  function judge(packet: Packet, position: Position, hub: AdmittedHub): Arrival {
    const decoded = decode(packet, hub);
    if (speaksOfLife(decoded)) {
      return critical(decoded, { position, event: decoded.event }, packet, hub);
    }
    if (!decoded.catalogue && !decoded.unreadable) return NOTHING;
    return { ...NOTHING, catalogue: decoded.catalogue, unreadable: decoded.unreadable };
  }

  return { judge, learn: alarms.learn };
}
