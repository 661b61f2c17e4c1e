import { connectAsync } from 'mqtt';
import type { Person } from '../../person.ts';
import { letIn } from '../let-in.ts';

/** A home in which every name is one and the same nasty text, and a hub that says it too. */
export type NastyHome = {
  readonly text: string;
  readonly householdId: string;
  readonly hubId: string;
  readonly clientId: string;
  readonly key: string;
};

type Registered = Omit<NastyHome, 'text'>;

/** Each home stands under a station of its name, so that this comes back as well. */
export async function settle(owner: Person, texts: readonly string[]): Promise<NastyHome[]> {
  const stations: string[] = [];
  for (const name of texts) {
    const { area } = await owner.post<{ area: { id: string } }>('/areas', { kind: 'station', parentId: 'root', name });
    stations.push(area.id);
  }
  const { registered } = await owner.post<{ registered: Registered[] }>('/registrations', {
    registrations: texts.map((text, i) => ({
      stationId: stations[i],
      household: { name: text, address: text, access: text, mode: 'live' },
      residents: [{ name: text, notes: text }],
      contacts: [{ name: text, relation: text, phone: '110', rank: 1 }],
      hub: { clientId: `nasty-${i}`, ecosystem: 'shouwang', power: 'mains' },
      devices: [{ key: text, name: text, room: text, class: 'emergency_button' }],
    })),
  });
  return registered.map((it, i) => ({ ...it, text: texts[i] ?? '' }));
}

/** Of what each says. */
export const UNREADABLE = 2;

/** A press and a pulse of the device, and two messages that nobody can read: by their topic, and by what they say. */
export async function speak(port: number, { text, clientId, key }: NastyHome): Promise<void> {
  const hub = await letIn(port, { clientId, key });
  const say = (topic: string, payload: string) => hub.publishAsync(topic, payload, { qos: 1 });
  const readings = [
    { kind: 'sos', device: text },
    { kind: 'heart_rate', device: text, value: 72 },
    { kind: text, device: text, value: text, unit: text, at: text },
  ];
  await say(`sw/${clientId}/up`, JSON.stringify({ boot: text.slice(0, 20), seq: 1, ts: text, readings }));
  await say(`sw/${clientId}/up`, text);
  await say(`x/${text.replace(/[#+]/g, '')}`, text);
  await hub.endAsync();
}

/** Somebody who calls himself so and is refused; the refusal is logged. */
export async function introduce(port: number, text: string): Promise<void> {
  const who = { clientId: text, username: text, password: text, connectTimeout: 10_000, reconnectPeriod: 0 };
  const hub = await connectAsync({ host: '127.0.0.1', port, protocol: 'mqtt', ...who }).catch(() => null);
  if (hub) throw new Error(`${JSON.stringify(text)} was let in without a key`);
}
