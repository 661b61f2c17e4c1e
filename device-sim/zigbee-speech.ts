import type { SimReading } from './event.ts';
import type { Home } from './home.ts';
import type { Frame, Speech } from './speech.ts';
import { zigbeeCatalogue } from './zigbee-catalogue.ts';

type State = Record<string, string | number | boolean>;

/** How one reading shows in a device's state; `null` for what Zigbee2MQTT has no word for. */
function propertyOf({ kind, value }: SimReading): State | null {
  switch (kind) {
    case 'motion':
      return { occupancy: value };
    case 'open':
      return { contact: !value };
    case 'sos':
      return value === true ? { action: 'emergency' } : {};
    case 'heartbeat':
      return {};
    case 'smoke':
    case 'gas':
    case 'carbon_monoxide':
    case 'water_leak':
    case 'presence':
    case 'vibration':
    case 'temperature':
    case 'humidity':
    case 'illuminance':
    case 'battery':
    case 'battery_low':
    case 'tamper':
    case 'test':
      return { [kind]: value };
    case 'fall':
    case 'systolic':
    case 'diastolic':
    case 'heart_rate':
    case 'respiration':
    case 'spo2':
    case 'body_temperature':
    case 'skin_temperature':
    case 'weight':
    case 'available':
      return null;
    default:
      return kind satisfies never;
  }
}

/**
 * Zigbee2MQTT 2.x with its default settings: the whole known state of a device with every change, but an action only once;
 * the catalogue, the bridge's state and each device's availability retained.
 */
export function zigbeeSpeech(home: Home): Speech {
  const known = new Map<string, State>(home.devices.map(({ key }, i) => [key, { linkquality: 60 + ((i * 37) % 150) }]));
  const retained = (topic: string, value: object): Frame => ({
    topic: `zigbee2mqtt/${topic}`,
    payload: JSON.stringify(value),
    retain: true,
  });
  return {
    greeting: () => [
      retained('bridge/state', { state: 'online' }),
      retained('bridge/devices', zigbeeCatalogue(home)),
      ...home.devices.map(({ key }) => retained(`${key}/availability`, { state: 'online' })),
    ],
    frames({ readings }) {
      const said = new Map<string, State>();
      for (const reading of readings) {
        const property = propertyOf(reading);
        if (!property) continue;
        const { action, ...lasting } = property;
        const state = { ...known.get(reading.device), ...lasting };
        known.set(reading.device, state);
        said.set(reading.device, { ...said.get(reading.device), ...state, ...(action !== undefined && { action }) });
      }
      return [...said].map(([device, state]) =>
        device === ''
          ? retained('bridge/state', { state: 'online' })
          : { topic: `zigbee2mqtt/${device}`, payload: JSON.stringify(state), retain: false },
      );
    },
    subscription: 'zigbee2mqtt/#',
    acknowledged: null,
  };
}
