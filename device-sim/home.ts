import type { DeviceClass, Ecosystem } from '../domain/hub.ts';
import type { ReadingKind } from '../domain/reading.ts';
import { type Dice, dice } from './dice.ts';
import { type Room, rooms } from './room.ts';

export type SimDevice = {
  readonly key: string;
  readonly name: string;
  readonly room: Room;
  readonly class: DeviceClass;
  readonly kinds: readonly ReadingKind[];
};

/** Minutes of the day, and how often. */
export type Habits = {
  readonly wakesAt: number;
  readonly sleepsAt: number;
  readonly nightVisits: number;
  readonly goesOutMorning: number;
  readonly goesOutAfternoon: number;
  readonly napMinutes: number;
};

/** What is usual for this person, in the units of domain/reading.ts. */
type Norms = {
  readonly systolic: number;
  readonly diastolic: number;
  readonly heart_rate: number;
  readonly spo2: number;
  readonly body_temperature: number;
};

export type SimResident = {
  readonly name: string;
  readonly birthYear: number;
  readonly sex: 'female' | 'male';
  readonly habits: Habits;
  readonly norms: Norms;
};

export type Home = {
  readonly number: number;
  readonly seed: string;
  readonly name: string;
  readonly clientId: string;
  readonly ecosystem: Ecosystem;
  readonly zone: string;
  readonly residents: readonly [SimResident, ...SimResident[]];
  readonly devices: readonly SimDevice[];
};

export type HomeOptions = {
  readonly seed: string;
  /** Begins every client identifier, so that two towns can live in one system. */
  readonly prefix: string;
  readonly ecosystem?: Ecosystem;
};

export const ZONE = 'Asia/Shanghai';

type Sensor = readonly [word: string, zh: string, room: Room, use: DeviceClass, kinds: readonly ReadingKind[]];

const sensors = {
  motion: (room: Room): Sensor => [`pir-${room}`, '人体感应', room, 'motion', ['motion', 'battery']],
  frontDoor: ['door-front', '入户门磁', 'hallway', 'door', ['open', 'battery', 'tamper']],
  fridge: ['door-fridge', '冰箱门磁', 'kitchen', 'door', ['open', 'battery']],
  button: ['sos-bedroom', '紧急按钮', 'bedroom', 'emergency_button', ['sos', 'battery']],
  smoke: ['smoke-kitchen', '烟雾报警器', 'kitchen', 'alarm', ['smoke', 'test', 'battery']],
  gas: ['gas-kitchen', '燃气报警器', 'kitchen', 'alarm', ['gas']],
  water: ['water-bathroom', '水浸传感器', 'bathroom', 'alarm', ['water_leak', 'battery']],
  climate: ['climate-living', '温湿度计', 'living', 'environment', ['temperature', 'humidity', 'battery']],
  fall: ['radar-bathroom', '跌倒雷达', 'bathroom', 'emergency_button', ['fall']],
  cuff: ['bp', '血压计', 'living', 'vital_monitor', ['systolic', 'diastolic', 'heart_rate']],
  oximeter: ['oximeter', '血氧仪', 'living', 'vital_monitor', ['spo2', 'heart_rate']],
  thermometer: ['thermometer', '体温计', 'bedroom', 'vital_monitor', ['body_temperature']],
} as const satisfies Record<string, Sensor | ((room: Room) => Sensor)>;

/** Zigbee carries no vital signs and no fall radar that we know of; those homes live without. */
function sensorsOf(ecosystem: Ecosystem, has: Dice): readonly Sensor[] {
  const everywhere = [
    ...(['living', 'bedroom', 'kitchen', 'bathroom'] as const).map(sensors.motion),
    ...(has.chance(0.6) ? [sensors.motion('hallway')] : []),
    sensors.frontDoor,
    ...(has.chance(0.7) ? [sensors.fridge] : []),
    sensors.button,
    sensors.smoke,
    sensors.gas,
    ...(has.chance(0.4) ? [sensors.water] : []),
    sensors.climate,
  ];
  return ecosystem === 'zigbee2mqtt'
    ? everywhere
    : [...everywhere, sensors.fall, sensors.cuff, sensors.oximeter, sensors.thermometer];
}

/** Zigbee2MQTT knows devices by the friendly name that the installer typed, here in Chinese as it would be. */
function deviceOf(sensor: Sensor, ecosystem: Ecosystem): SimDevice {
  const [word, zh, room, use, kinds] = sensor;
  const name = `${rooms[room]}${zh}`;
  return { key: ecosystem === 'zigbee2mqtt' ? name : word, name, room, class: use, kinds };
}

function residentOf(name: string, born: Dice): SimResident {
  return {
    name,
    birthYear: born.whole(1932, 1955),
    sex: born.chance(0.58) ? 'female' : 'male',
    habits: {
      wakesAt: born.around(6 * 60 + 10, 35),
      sleepsAt: born.around(21 * 60 + 30, 35),
      nightVisits: born.between(0.6, 2.4),
      goesOutMorning: born.between(0.3, 0.9),
      goesOutAfternoon: born.between(0.1, 0.7),
      napMinutes: born.between(30, 90),
    },
    norms: {
      systolic: Math.round(born.around(130, 6)),
      diastolic: Math.round(born.around(77, 3)),
      heart_rate: Math.round(born.around(72, 4)),
      spo2: born.around(96.6, 0.5),
      body_temperature: born.around(36.5, 0.1),
    },
  };
}

/** Demo home `number` of a town; the same seed builds the same home. A third speak Zigbee2MQTT. */
export function homeOf(number: number, options: HomeOptions): Home {
  const made = dice(options.seed, 'home', number);
  const ecosystem = options.ecosystem ?? (number % 3 === 0 ? 'zigbee2mqtt' : 'shouwang');
  const padded = String(number).padStart(3, '0');
  const first = residentOf(`演示老人 ${padded} 甲`, made);
  const second = made.chance(0.35) ? [residentOf(`演示老人 ${padded} 乙`, made)] : [];
  return {
    number,
    seed: options.seed,
    name: `演示家庭 ${padded}`,
    clientId: `${options.prefix}-${padded}`,
    ecosystem,
    zone: ZONE,
    residents: [first, ...second],
    devices: sensorsOf(ecosystem, made).map((sensor) => deviceOf(sensor, ecosystem)),
  };
}

/** The key of the device of a home that reads `kind`, in `room` when it matters. */
export function deviceFor(home: Home, kind: ReadingKind, room?: Room): string | undefined {
  return home.devices.find((device) => device.kinds.includes(kind) && (room === undefined || device.room === room))
    ?.key;
}
