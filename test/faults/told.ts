import { openStoreToRead } from '../../store/open.ts';
import { segmentEntries } from '../../store/segment.ts';

/** A message of a load, by what it says of itself. */
export type Message = {
  readonly hub: string;
  readonly boot: string;
  readonly seq: number;
  readonly critical: boolean;
};

/** Where in the journal a message stands first. */
export type Places = ReadonlyMap<string, { readonly stream: string; readonly number: number }>;

/** What hubs have been told is safe. */
export type Told = {
  /** By stream: the number of the last entry of the journal that was acknowledged. */
  readonly heads: ReadonlyMap<string, number>;
  /** By household: emergencies acknowledged. */
  readonly emergencies: ReadonlyMap<string, number>;
};

const keyOf = ({ hub, boot, seq }: Message): string => `${hub} ${boot} ${seq}`;

export function messageIn(topic: string, payload: string): Message {
  const { boot, seq } = JSON.parse(payload);
  return { hub: topic.split('/')[1] ?? '', boot, seq, critical: topic.endsWith('/emergency') };
}

/** Reads the whole journal of a system. */
export async function placesIn(database: string): Promise<Places> {
  const { store, close } = openStoreToRead(database);
  const places = new Map<string, { stream: string; number: number }>();
  for (const [stream, head] of Object.entries(await store.streamHeads(null)))
    for (let after = 0; after < head; )
      for (const { first, count, bytes } of await store.segmentsAfter({ stream, after, limit: 200 })) {
        let number = first;
        for (const entry of segmentEntries(bytes)) {
          const key = entry.kind === 'packet' && keyOf(messageIn(entry.topic, Buffer.from(entry.payload).toString()));
          if (key && !places.has(key)) places.set(key, { stream, number });
          number++;
        }
        after = first + count - 1;
      }
  await close();
  return places;
}

/** Grows with each acknowledgement. `homes`: the household of each hub. */
export function account(places: Places, homes: ReadonlyMap<string, string>) {
  const heads = new Map<string, number>();
  const emergencies = new Map<string, number>();
  const said = new Set<string>();
  let nowhere = 0;
  return {
    told: { heads, emergencies } satisfies Told,
    /** Acknowledged, and not even in the journal that was read. */
    nowhere: () => nowhere,
    acked: () => said.size,
    add(message: Message): void {
      const key = keyOf(message);
      if (said.has(key)) return;
      said.add(key);
      const place = places.get(key);
      if (!place) nowhere++;
      else heads.set(place.stream, Math.max(heads.get(place.stream) ?? 0, place.number));
      const home = homes.get(message.hub);
      if (home && message.critical) emergencies.set(home, (emergencies.get(home) ?? 0) + 1);
    },
  };
}
