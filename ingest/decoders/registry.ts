import type { Ecosystem } from '../../domain/hub.ts';
import type { Decoded, Decoder, HubContext, HubEvent, Packet } from '../../domain/packet.ts';
import { shouwang } from './shouwang.ts';
import { zigbee2mqtt } from './zigbee2mqtt.ts';

const decoders: { readonly [E in Ecosystem]: Decoder & { readonly ecosystem: E } } = { shouwang, zigbee2mqtt };

/** What a hub's packet means, by the ecosystem that the hub was registered with. Never throws. */
export const decode = (packet: Packet, hub: HubContext & { readonly ecosystem: Ecosystem }): Decoded =>
  decoders[hub.ecosystem].decode(packet, hub);

/** The down-link message that acknowledges an event that came on `topic`; null where an ecosystem knows none. */
export const acknowledgement = (
  topic: string,
  event: Pick<HubEvent, 'boot' | 'seq'>,
  ecosystem: Ecosystem,
): { readonly topic: string; readonly payload: string } | null =>
  decoders[ecosystem].acknowledgement?.(topic, event) ?? null;
