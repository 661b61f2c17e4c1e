import type { WatchSettings } from '../domain/household.ts';
import type { DeviceClass, Ecosystem } from '../domain/hub.ts';
import { dice } from './dice.ts';
import { type Home, ZONE } from './home.ts';
import type { RecordedHome } from './recorded/format.ts';
import { recordedDevices } from './recorded-life.ts';
import { rooms } from './room.ts';

/** What the API takes to register a household; all of it plainly a demo. */
export type Registration = {
  readonly stationId: string;
  readonly household: {
    readonly name: string;
    readonly address: string;
    readonly latitude: number;
    readonly longitude: number;
    readonly access: string;
    readonly mode: 'live';
    readonly settings: Partial<WatchSettings>;
  };
  readonly residents: readonly { name: string; birthYear: number | null; sex: 'female' | 'male'; notes: string }[];
  readonly contacts: readonly { name: string; relation: string; phone: string; rank: number }[];
  readonly hub: { readonly clientId: string; readonly ecosystem: Ecosystem; readonly power: 'mains' };
  readonly devices: readonly { key: string; name: string; room: string; class: DeviceClass }[];
};

/** The demo town lies around this point (WGS84): hills without houses, so that nobody looks for it. */
const CENTRE = { latitude: 31.62, longitude: 104.35 } as const;

function placed(seed: string, number: number): { latitude: number; longitude: number } {
  const at = dice(seed, 'place', number);
  return {
    latitude: Number((CENTRE.latitude + at.around(0, 0.008)).toFixed(5)),
    longitude: Number((CENTRE.longitude + at.around(0, 0.01)).toFixed(5)),
  };
}

/** Numbers that no exchange connects: they begin with three zeros. */
const phone = (number: number, rank: number) => `000-${String(number).padStart(4, '0')}-000${rank}`;

export function registrationOf(home: Home, stationId: string, settings: Partial<WatchSettings> = {}): Registration {
  const at = dice(home.seed, 'address', home.number);
  const padded = String(home.number).padStart(3, '0');
  return {
    stationId,
    household: {
      name: home.name,
      address: `演示路 ${at.whole(1, 60)} 号 ${at.whole(1, 4)} 单元 ${at.whole(1, 6)}0${at.whole(1, 4)}`,
      ...placed(home.seed, home.number),
      access: '演示数据：钥匙在一楼物业，门禁码 0000#',
      mode: 'live',
      settings: { zone: home.zone, ...settings },
    },
    residents: home.residents.map(({ name, birthYear, sex }) => ({ name, birthYear, sex, notes: '演示数据' })),
    contacts: [
      { name: `演示子女 ${padded}`, relation: at.chance(0.5) ? '女儿' : '儿子', phone: phone(home.number, 1), rank: 1 },
      { name: `演示邻居 ${padded}`, relation: '邻居', phone: phone(home.number, 2), rank: 2 },
    ],
    hub: { clientId: home.clientId, ecosystem: home.ecosystem, power: 'mains' },
    devices: home.devices.map(({ key, name, room, class: use }) => ({ key, name, room: rooms[room], class: use })),
  };
}

export function recordedRegistration(
  recorded: RecordedHome,
  number: number,
  clientId: string,
  stationId: string,
): Registration {
  return {
    stationId,
    household: {
      name: `录制家庭 ${number}`,
      address: `演示路录制 ${number} 号`,
      ...placed('recorded', number),
      access: '演示数据',
      mode: 'live',
      settings: { zone: ZONE },
    },
    residents: [
      {
        name: `录制老人 ${number}`,
        birthYear: null,
        sex: recorded.sex,
        notes: `录制的真实生活（${recorded.age} 岁，匿名）。Recorded home ${recorded.home}: ${recorded.source}, CC BY 4.0, changed.`,
      },
    ],
    contacts: [{ name: `演示子女 R${number}`, relation: '女儿', phone: phone(9_000 + number, 1), rank: 1 }],
    hub: { clientId, ecosystem: 'shouwang', power: 'mains' },
    devices: recordedDevices,
  };
}
