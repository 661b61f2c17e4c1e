import { describe, expect, it } from 'vitest';
import type { Packet } from '../../domain/packet.ts';
import type { Catalogue } from '../../domain/reading.ts';
import { decode } from './registry.ts';
import { devicesOfAHome as devices } from './zigbee2mqtt-home.ts';

const noon = Date.parse('2026-11-22T12:00:00.000Z');

const packet = (topic: string, payload: string): Packet => ({
  kind: 'packet',
  hubId: 'h1',
  topic,
  payload: Buffer.from(payload),
  qos: 0,
  retain: true,
  receivedAt: noon,
  monotonicAt: 0,
});
const hubWith = (catalogue: Catalogue | null) =>
  ({ hubId: 'h1', householdId: 'home', catalogue, ecosystem: 'zigbee2mqtt' }) as const;

const published = decode(packet('zigbee2mqtt/bridge/devices', JSON.stringify(devices)), hubWith(null));
const known = published.catalogue!;
const say = (topic: string, payload: unknown, catalogue: Catalogue | null = known) =>
  decode(packet(topic, typeof payload === 'string' ? payload : JSON.stringify(payload)), hubWith(catalogue));
const brief = ({ readings }: ReturnType<typeof decode>) =>
  readings.map(({ kind, value }) => (value === true ? kind : `${kind} ${value}`)).join(', ');

describe('the catalogue', () => {
  it('is what the hub says of its devices, without the coordinator', () => {
    expect(published).toMatchObject({ unreadable: null, readings: [{ device: '', kind: 'heartbeat' }] });
    expect(Object.keys(known)).toHaveLength(devices.length - 2);
    expect(known['front door']).toEqual({
      model: 'MCCGQ11LM',
      vendor: 'Aqara',
      power: 'battery',
      address: '0x00158d0000000010',
      properties: { battery: { kind: 'battery' }, contact: { kind: 'open', on: [false] } },
    });
  });

  it('tells mains from battery, and a device that nobody has described by its own model', () => {
    expect(known.lamp).toMatchObject({ power: 'mains', properties: {} });
    expect(known.mystery).toMatchObject({ power: 'unknown', model: 'SZ-42', vendor: '', properties: {} });
  });

  it('knows no settings, no raw values and no meters', () => {
    expect(known.shaker?.properties).toEqual({ vibration: { kind: 'vibration', on: [true] } });
    expect(known.valve?.properties).toEqual({});
    expect(known['gas meter']?.properties).toEqual({});
    expect(known.radiator?.properties).toEqual({ local_temperature: { kind: 'temperature' } });
    expect(known.bed?.properties).toEqual({ battery: { kind: 'battery' } });
  });

  it.each([['home/zigbee/bridge/devices'], ['zigbee2mqtt-2/bridge/devices']])('may come on %s', (topic) => {
    expect(say(topic, devices, null).catalogue).toEqual(known);
  });

  it.each([['{}'], ['[{'], ['null']])('is not %s', (payload) => {
    expect(say('zigbee2mqtt/bridge/devices', payload)).toMatchObject({
      catalogue: null,
      unreadable: { emergency: false },
    });
  });
});

describe('with the catalogue', () => {
  it.each([
    ['front door', { contact: false, battery: 91, linkquality: 80 }, 'open, battery 91'],
    ['front door', { contact: true }, 'open false'],
    ['front door', { contact: null, battery: null }, 'heartbeat'],
    ['cellar door', { contact: true }, 'open'],
    ['garden gate', { contact: 'ON' }, 'open'],
    ['garden gate', { contact: 'OFF' }, 'open false'],
    ['bed', { contact: false, battery: 40 }, 'battery 40'],
    ['hall/motion', { occupancy: true, illuminance: 12 }, 'motion, illuminance 12'],
    ['stairs', { occupancy_1: false, occupancy_2: true }, 'motion'],
    ['stairs', { occupancy_1: false, occupancy_2: false }, 'motion false'],
    ['kitchen/smoke', { smoke: true, test: false, tamper: false }, 'smoke, tamper false'],
    ['kitchen/smoke', { smoke: true, test: true }, 'test'],
    ['kitchen/smoke', { smoke: 'true' }, 'smoke'],
    ['kitchen/smoke', { smoke: 1 }, 'smoke'],
    ['kitchen/smoke', { smoke: null, battery: 3 }, 'battery 3'],
    ['old smoke', { alarm_1: true, alarm_2: false }, 'smoke'],
    ['siren smoke', { smoke: false, alarm: true }, 'smoke false'],
    ['gas meter', { gas: 1 }, 'heartbeat'],
    ['gas', { gas: true, gas_value: 11 }, 'gas'],
    ['carbon', { carbon_monoxide: 'ON', co: 80 }, 'carbon_monoxide'],
    ['carbon', { carbon_monoxide: 'OFF' }, 'carbon_monoxide false'],
    ['boiler', { water_leak_zone_1: false, water_leak_zone_2: true }, 'water_leak'],
    ['tank', { channel_3_leak_detect_19: 'Leak' }, 'water_leak'],
    ['pendant', { action: 'emergency', battery: 100 }, 'sos, battery 100'],
    ['pendant', { action: '', battery: 100 }, 'battery 100'],
    ['pendant', { action: null }, 'heartbeat'],
    ['pendant', { action: 'panic' }, 'sos'],
    ['wall button', { action: 'single' }, 'sos'],
    ['wall button', { action: 'hold' }, 'sos'],
    ['wall button', { action: 'off' }, 'heartbeat'],
    ['orvibo', { action: 'single' }, 'sos'],
    ['panic', { sos: true }, 'sos'],
    ['panic', { sos: false }, 'sos false'],
    ['keypad', { action: 'sos', sos_alarm: true }, 'sos'],
    ['keypad', { action: 'disarm', sos_alarm: false }, 'sos false'],
    ['remote', { action: 'single' }, 'heartbeat'],
    ['remote', { action: 'emergency' }, 'sos'],
    ['cube', { action: 'fall' }, 'heartbeat'],
    ['radar', { occupancy: true, fall_status: 'fall_alarm' }, 'motion, fall'],
    ['radar', { occupancy: true, fall_status: 'fall_warning' }, 'motion, fall false'],
    ['radar 2', { presence: true, fall_down_status: 'fall' }, 'presence, fall'],
    ['radar 2', { presence: true, fall_down_status: 'maybe_fall' }, 'presence, fall false'],
    ['radar 3', { status: 'falling', breathing_rate: 14 }, 'fall, respiration 14'],
    ['shaker', { fall_detection: 'ON', vibration: true }, 'vibration'],
    ['radiator', { local_temperature: 21.5, occupied_heating_setpoint: 23 }, 'temperature 21.5'],
    ['weather', { temperature: -3.2, humidity: 55, pressure: 1012 }, 'temperature -3.2, humidity 55'],
    ['lamp', { state: 'ON', brightness: 254, presence: true }, 'presence'],
    ['weather', { temperature: 20, presence: true }, 'temperature 20'],
    ['weather', { temperature: 20, smoke: true }, 'temperature 20, smoke'],
    ['mystery', { contact: false, battery_low: true }, 'open, battery_low'],
  ])('%s saying %j means: %s', (name, state, meaning) => {
    const decoded = say(`zigbee2mqtt/${name}`, state);
    expect(brief(decoded)).toBe(meaning);
    expect(decoded.unreadable).toBeNull();
    expect(new Set(decoded.readings.map((one) => one.device))).toEqual(new Set([name]));
  });

  it('finds names with levels under a base topic with levels', () => {
    expect(say('homes/17/z2m/kitchen/smoke', { smoke: true }).readings).toMatchObject([{ device: 'kitchen/smoke' }]);
  });

  it('finds devices whose names are those of the bridge’s own topics, and the bridge beside them', () => {
    const properties = known['kitchen/smoke']!.properties;
    const odd: Catalogue = Object.fromEntries(
      ['state', 'devices', 'a/bridge/b'].map((name) => [name, { ...known['kitchen/smoke']!, properties }]),
    );
    expect(say('zigbee2mqtt/state', { smoke: true }, odd).readings).toMatchObject([{ device: 'state', kind: 'smoke' }]);
    expect(say('zigbee2mqtt/a/bridge/b', { smoke: true }, odd).readings).toMatchObject([{ device: 'a/bridge/b' }]);
    expect(brief(say('zigbee2mqtt/bridge/state', { state: 'online' }, odd))).toBe('available');
    expect(say('zigbee2mqtt/bridge/devices', devices, odd).catalogue).toEqual(known);
  });

  it.each([
    ['front door', 'contact', 'false', 'open'],
    ['kitchen/smoke', 'smoke', 'true', 'smoke'],
    ['pendant', 'action', 'emergency', 'sos'],
    ['wall button', 'action', 'single', 'sos'],
    ['carbon', 'carbon_monoxide', 'ON', 'carbon_monoxide'],
    ['weather', 'temperature', '19.5', 'temperature 19.5'],
    ['lamp', 'color', '{"x":0.3}', 'heartbeat'],
    ['lamp', 'update', '\u0001', ''],
  ])('reads one topic a property: %s/%s %s', (name, property, payload, meaning) => {
    expect(brief(say(`zigbee2mqtt/${name}/${property}`, payload))).toBe(meaning);
  });

  it.each([
    ['kitchen/smoke', '{"smoke":tr', 'not_json', true],
    ['kitchen/smoke', '[1]', 'not_our_shape', true],
    ['kitchen/smoke', '{"smoke":{"density":3}}', 'no_known_value', true],
    ['kitchen/smoke', '{"smoke":"???","battery":90}', 'no_known_value', true],
    ['kitchen/smoke/smoke', '\u0000', 'not_json', true],
    ['pendant', '\u0001\u0002', 'not_json', true],
    ['front door', '{"contact":fal', 'not_json', false],
    ['weather', '"warm"', 'not_our_shape', false],
  ])('%s saying %s is unreadable, and an emergency where a life may hang on it', (name, payload, reason, emergency) => {
    expect(say(`zigbee2mqtt/${name}`, payload).unreadable).toEqual({ reason, emergency });
  });
});

describe('without a catalogue', () => {
  it.each([
    ['button', { action: 'emergency' }, 'sos'],
    ['button', { action: 'SOS' }, 'sos'],
    ['button', { action: 'single' }, 'heartbeat'],
    ['button', { action: '' }, 'heartbeat'],
    ['kitchen/smoke', { smoke: true, battery_low: false }, 'smoke, battery_low false'],
    ['kitchen/smoke', { smoke: true, test: true }, 'test'],
    ['kitchen/gas', { gas: 12 }, 'heartbeat'],
    ['kitchen/gas', { gas: 1 }, 'heartbeat'],
    ['kitchen/gas', { gas: true }, 'gas'],
    ['door', { contact: false }, 'open'],
    ['stairs', { occupancy_1: false, occupancy_2: true }, 'motion'],
    ['boiler', { water_leak_zone_2: true }, 'water_leak'],
    ['radar', { fall_status: 'fall_alarm' }, 'fall'],
    ['radar', { status: 'falling' }, 'fall'],
    ['gate', { status: 'Open Time Alarm' }, 'heartbeat'],
    ['lamp', { state: 'ON' }, 'heartbeat'],
    ['climate', { temperature: 20.1, temperature_calibration: 3, humidity: 40 }, 'temperature 20.1, humidity 40'],
    ['light', { illuminance: 30_000, illuminance_lux: 12 }, 'illuminance 12'],
    ['two cells', { battery_l1: 80, battery_l2: 11 }, 'battery 11'],
    ['two cells', { battery_l1: 11, battery_l2: 80 }, 'battery 11'],
    ['two rooms', { temperature_l1: 18, temperature_l2: 25 }, 'temperature 18'],
    ['stairs', { occupancy_1: true, occupancy_2: false }, 'motion'],
  ])('%s saying %j means: %s', (name, state, meaning) => {
    const decoded = say(`zigbee2mqtt/${name}`, state, null);
    expect(brief(decoded)).toBe(meaning);
    expect(decoded.readings[0]?.device).toBe(name);
  });

  it('reads one topic a property', () => {
    expect(say('zigbee2mqtt/hall/motion/occupancy', 'true', null).readings).toMatchObject([
      { device: 'hall/motion', kind: 'motion', value: true },
    ]);
  });

  it('looks for the name after the usual base topic, else after the first level', () => {
    expect(say('site/3/zigbee2mqtt/hall/door', { contact: true }, null).readings[0]?.device).toBe('hall/door');
    expect(say('z2m/hall/door', { contact: true }, null).readings[0]?.device).toBe('hall/door');
  });

  it.each(['zigbee2mqtt', 'x'.repeat(600), `zigbee2mqtt/${'x'.repeat(300)}`, 'zigbee2mqtt/'])(
    '%s names no device',
    (topic) => {
      expect(say(topic, { contact: true }, null).unreadable).toEqual({ reason: 'unknown_topic', emergency: false });
    },
  );
});

describe('availability', () => {
  it.each([
    ['front door', '{"state":"online"}', true],
    ['front door', '{"state":"offline"}', false],
    ['kitchen/smoke', 'offline', false],
    ['kitchen/smoke', 'online', true],
    ['not described', 'online', true],
  ])('%s %s', (name, payload, value) => {
    for (const catalogue of [known, null])
      expect(say(`zigbee2mqtt/${name}/availability`, payload, catalogue).readings).toEqual([
        { device: name, kind: 'available', value, ageMs: 0, clock: 'none' },
      ]);
  });

  it('of the bridge is the hub’s, in both versions', () => {
    expect(say('zigbee2mqtt/bridge/state', 'online').readings).toMatchObject([
      { device: '', kind: 'available', value: true },
    ]);
    expect(brief(say('zigbee2mqtt/bridge/state', { state: 'offline' }))).toBe('available false');
  });
});

it.each([
  ['zigbee2mqtt/bridge/info', '{"version":"2.5.1"}'],
  ['zigbee2mqtt/bridge/definitions', 'x'.repeat(200_000)],
  ['zigbee2mqtt/bridge/logging', '{"level":"info","message":"MQTT publish"}'],
  ['zigbee2mqtt/bridge/event', '{"type":"device_announce","data":{"friendly_name":"door"}}'],
  ['zigbee2mqtt/bridge/extensions', '[]'],
  ['zigbee2mqtt/bridge/groups', '[]'],
  ['zigbee2mqtt/bridge/response/permit_join', '{"status":"ok"}'],
  ['zigbee2mqtt/bridge/log', '{"type":"pairing"}'],
  ['zigbee2mqtt/lamp/set', '{"state":"ON"}'],
  ['zigbee2mqtt/lamp/set/brightness', '17'],
  ['zigbee2mqtt/lamp/get', '{"state":""}'],
  ['homeassistant/binary_sensor/0x00158d/contact/config', '{"device_class":"door"}'],
  ['zigbee2mqtt/kitchen/smoke', ''],
])('%s is a sign of life of the hub', (topic, payload) => {
  expect(say(topic, payload)).toMatchObject({
    unreadable: null,
    catalogue: null,
    readings: [{ device: '', kind: 'heartbeat' }],
  });
});

describe('last_seen', () => {
  it.each([
    ['of now', '2026-11-22T11:59:58.000Z', 0, 'device'],
    ['of ten minutes ago', noon - 600_000, 0, 'device'],
    ['of yesterday, published again at a start', '2026-11-21T20:00:00+08:00', 86_400_000, 'device'],
    ['of yesterday in ms', noon - 86_400_000, 86_400_000, 'device'],
    ['of a device that has been gone for months', noon - 90 * 86_400_000, 90 * 86_400_000, 'device'],
    ['by a clock that was never set', 5_000, 0, 'implausible'],
    ['missing', undefined, 0, 'none'],
  ])('%s', (_, last_seen, ageMs, clock) => {
    expect(say('zigbee2mqtt/panic', { sos: true, last_seen }).readings).toEqual([
      { device: 'panic', kind: 'sos', value: true, ageMs, clock },
    ]);
  });
});
