import type { Home } from '../../device-sim/home.ts';
import { ownSpeech } from '../../device-sim/own-speech.ts';
import type { Frame, Speech } from '../../device-sim/speech.ts';
import { zigbeeSpeech } from '../../device-sim/zigbee-speech.ts';
import type { LinkChange, Packet } from '../../domain/packet.ts';
import { seconds } from '../../domain/time.ts';
import { type Plot, type Saying, sayingsOf } from './virtual-months-life.ts';

/** The hub's own clock for a true time, and whether it tells when it sends. */
export type HubClock = { readonly shows: (at: number) => number; readonly tellsSent: boolean };
export const rightClock: HubClock = { shows: (at) => at, tellsSent: true };

/** What arrives, without the times of the intake. */
type Times = 'receivedAt' | 'monotonicAt';
export type Arriving = { readonly at: number; readonly entry: Omit<Packet, Times> | Omit<LinkChange, Times> };

/** When Shouwang itself was out: what hubs say meanwhile comes afterwards, as far as they keep anything. */
export type Outage = { readonly fromAt: number; readonly toAt: number };

export type VirtualHome = {
  readonly home: Home;
  readonly hubId: string;
  readonly plot: Plot;
  /** All that arrives before the end of a local day and has not been taken yet, in order. */
  readonly day: (localDay: string, endAt: number) => Arriving[];
};

/** So long after Shouwang is back a hub is, by its place in the town. */
const backAfterMs = ({ number }: Home): number => seconds(1) + ((number * 977) % 20_000);

/** When a hub's connection comes and goes. */
function links(home: Home, plot: Plot, bornAt: number, outage: Outage): { kind: 'up' | 'down'; at: number }[] {
  const backAt = outage.toAt + backAfterMs(home);
  const own =
    plot.kind === 'cut_off'
      ? [
          { kind: 'down' as const, at: plot.fromAt },
          { kind: 'up' as const, at: plot.toAt },
        ].filter(({ at }) => at < outage.fromAt || at >= outage.toAt)
      : [];
  const isCutOff = plot.kind === 'cut_off' && plot.fromAt < backAt && plot.toAt > backAt;
  const again = isCutOff ? [] : [{ kind: 'up' as const, at: backAt }];
  return [{ kind: 'up' as const, at: bornAt }, ...own, ...again].sort((a, b) => a.at - b.at);
}

/** A home's month, day by day; the same home, plot and clock say the same. */
export function virtualHome(
  { home, hubId, plot, clock = rightClock }: Pick<VirtualHome, 'home' | 'hubId' | 'plot'> & { clock?: HubClock },
  bornAt: number,
  outage: Outage,
): VirtualHome {
  const speech: Speech = home.ecosystem === 'zigbee2mqtt' ? zigbeeSpeech(home) : ownSpeech(home.clientId);
  let waiting: Arriving[] = [];
  let seq = 0;

  const packet = (at: number, { topic, payload, retain }: Frame): Arriving => ({
    at,
    entry: { kind: 'packet', hubId, topic, payload: Buffer.from(payload), qos: 1, retain },
  });
  let epoch = 0;
  const changes = links(home, plot, bornAt, outage).map(({ kind, at }): Arriving => {
    if (kind === 'up') epoch++;
    return { at, entry: { kind, hubId, epoch } };
  });

  /** When something that comes at `on` is let in. */
  function admittedAt(on: number): number[] {
    if (on < outage.fromAt || on >= outage.toAt) return [on];
    return home.ecosystem === 'shouwang' ? [outage.toAt + backAfterMs(home) + 50] : [];
  }

  function said({ at, readings, arrivesAt }: Saying): Arriving[] {
    const utterance = { boot: 'b', seq: ++seq, at: clock.shows(at), readings };
    return arrivesAt
      .flatMap(admittedAt)
      .flatMap((on) =>
        speech
          .frames(utterance, clock.shows(on))
          .map((frame) =>
            packet(on, clock.tellsSent ? frame : { ...frame, payload: frame.payload.replace(/"sent":"[^"]*",/, '') }),
          ),
      );
  }

  const greeting = speech.greeting().map((frame) => packet(bornAt + 1, frame));
  let begun = false;
  return {
    home,
    hubId,
    plot,
    day(localDay, endAt) {
      const first = begun ? [] : [...changes, ...greeting];
      begun = true;
      const sayings = sayingsOf(home, localDay, plot).filter(({ at }) => at > bornAt);
      const all = [...waiting, ...first, ...sayings.flatMap(said)].sort((a, b) => a.at - b.at);
      const later = all.findIndex(({ at }) => at >= endAt);
      waiting = later < 0 ? [] : all.slice(later);
      return later < 0 ? all : all.slice(0, later);
    },
  };
}
