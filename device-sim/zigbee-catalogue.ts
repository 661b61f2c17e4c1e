import { dice } from './dice.ts';
import type { Home, SimDevice } from './home.ts';

type Expose = {
  readonly type: 'binary' | 'numeric' | 'enum';
  readonly name: string;
  readonly property: string;
  readonly label: string;
  /** 1: published in the state; 5: also readable. */
  readonly access: 1 | 5;
  readonly description: string;
  readonly category?: 'diagnostic';
  readonly unit?: string;
  readonly value_on?: boolean;
  readonly value_off?: boolean;
  readonly value_min?: number;
  readonly value_max?: number;
  readonly values?: readonly string[];
};

const label = (name: string) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');
const binary = (name: string, description: string, on = true): Expose => ({
  type: 'binary',
  name,
  property: name,
  label: label(name),
  access: 1,
  description,
  value_on: on,
  value_off: !on,
});
const numeric = (name: string, unit: string, description: string, category?: 'diagnostic'): Expose => ({
  type: 'numeric',
  name,
  property: name,
  label: label(name),
  access: 1,
  description,
  unit,
  ...(category && { category }),
});
const battery: Expose = { ...numeric('battery', '%', 'Charge left', 'diagnostic'), value_min: 0, value_max: 100 };
const batteryLow: Expose = { ...binary('battery_low', 'Battery nearly empty'), category: 'diagnostic' };
const tamper = binary('tamper', 'Opened or moved');
const link: Expose = {
  ...numeric('linkquality', 'lqi', 'Signal strength', 'diagnostic'),
  value_min: 0,
  value_max: 255,
};

type Model = {
  readonly vendor: string;
  readonly model: string;
  readonly description: string;
  readonly exposes: readonly Expose[];
};

/** A model of a real maker for each of our sensors, with the properties that such a model publishes. */
const models: Readonly<Record<string, Model>> = {
  motion: {
    vendor: 'Aqara',
    model: 'RTCGQ11LM',
    description: 'Motion sensor',
    exposes: [battery, binary('occupancy', 'Somebody moved'), numeric('illuminance', 'lx', 'Light level'), link],
  },
  open: {
    vendor: 'Aqara',
    model: 'MCCGQ11LM',
    description: 'Door and window sensor',
    exposes: [battery, binary('contact', 'Closed: the magnet is near', false), tamper, link],
  },
  sos: {
    vendor: 'Tuya',
    model: 'TS0215A_sos',
    description: 'SOS button',
    exposes: [
      battery,
      {
        type: 'enum',
        name: 'action',
        property: 'action',
        label: 'Action',
        access: 1,
        description: 'Pressed',
        values: ['emergency'],
      },
      link,
    ],
  },
  smoke: {
    vendor: 'HEIMAN',
    model: 'HS1SA-E',
    description: 'Smoke detector',
    exposes: [battery, binary('smoke', 'Smoke seen'), batteryLow, binary('test', 'Self-test running'), link],
  },
  gas: {
    vendor: 'HEIMAN',
    model: 'HS3CG',
    description: 'Combustible gas sensor',
    exposes: [binary('gas', 'Gas found'), link],
  },
  water_leak: {
    vendor: 'Aqara',
    model: 'SJCGQ11LM',
    description: 'Water leak sensor',
    exposes: [battery, binary('water_leak', 'Water found'), link],
  },
  temperature: {
    vendor: 'Aqara',
    model: 'WSDCGQ11LM',
    description: 'Temperature and humidity sensor',
    exposes: [
      battery,
      numeric('temperature', '°C', 'Air temperature'),
      numeric('humidity', '%', 'Relative humidity'),
      link,
    ],
  },
};

const address = (home: Home, key: string) =>
  `0x00158d00${dice(home.clientId, key).whole(0, 0xffff_ffff).toString(16).padStart(8, '0')}`;

function entryOf(home: Home, device: SimDevice): object {
  const model = device.kinds.flatMap((kind) => models[kind] ?? [])[0];
  if (!model) throw new Error(`no Zigbee model reads ${device.kinds.join(', ')} (${device.key})`);
  return {
    ieee_address: address(home, device.key),
    type: 'EndDevice',
    network_address: dice(home.clientId, device.key, 'network').whole(1, 0xfff7),
    supported: true,
    friendly_name: device.key,
    disabled: false,
    description: null,
    definition: { ...model, options: [], supports_ota: false, source: 'native' },
    power_source: device.kinds.includes('battery') ? 'Battery' : 'Mains (single phase)',
    model_id: model.model,
    manufacturer: model.vendor,
    interviewing: false,
    interview_completed: true,
    interview_state: 'SUCCESSFUL',
    endpoints: {
      1: { bindings: [], clusters: { input: ['genBasic'], output: [] }, configured_reportings: [], scenes: [] },
    },
  };
}

/** What this home's Zigbee2MQTT publishes, retained, as `zigbee2mqtt/bridge/devices`. */
export function zigbeeCatalogue(home: Home): readonly object[] {
  const coordinator = {
    ieee_address: address(home, 'coordinator'),
    type: 'Coordinator',
    network_address: 0,
    supported: true,
    friendly_name: 'Coordinator',
    disabled: false,
    definition: null,
    interviewing: false,
    interview_completed: true,
    interview_state: 'SUCCESSFUL',
    endpoints: {},
  };
  return [coordinator, ...home.devices.map((device) => entryOf(home, device))];
}
