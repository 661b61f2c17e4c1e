import type { Decoded, Decoder, HubContext, Packet } from '../../domain/packet.ts';
import { type Catalogue, factsOf, isLifeCritical, type Reading, type ReadingKind } from '../../domain/reading.ts';
import { minutes } from '../../domain/time.ts';
import { type Age, ageOf } from './clock.ts';
import { heartbeat, quantity, readable, unreadable } from './decoded.ts';
import { isRecord, readJson, textOf } from './json.ts';
import { saysTrue } from './truth.ts';
import { catalogueOf } from './zigbee2mqtt-catalogue.ts';
import { type Meaning, plainMeaning } from './zigbee2mqtt-spellings.ts';

/**
 * A hub that runs Zigbee2MQTT, read by the catalogue that it publishes. The retain flag of what it publishes says nothing about
 * age and is not looked at; `last_seen` does.
 */

type Device = Catalogue[string];
type Json = ReturnType<typeof readJson>;

const MAX_TOPIC_LENGTH = 512;
const MAX_DEVICE_LENGTH = 256;
const MAX_PROPERTIES = 1_000;
const MAX_BARE_LENGTH = 256;

/** Commands to devices by others who share the hub's broker, and Home Assistant's discovery. */
const notAState = /\/(?:set|get|config)(?:\/[^/]+)?$/;
const printable = /^[^\p{Cc}\uFFFD]*$/u;

/** `last_seen` is about now, but for the states that Zigbee2MQTT kept and publishes again when it starts. */
const RECENT_MS = minutes(15);

function deviceOf(name: string, { catalogue }: HubContext): Device | undefined {
  return catalogue && Object.hasOwn(catalogue, name) ? catalogue[name] : undefined;
}

/** The device of the catalogue that a topic names: base topics and names may both have levels, so the longest name counts. */
function namedIn(topic: string, hub: HubContext): string | null {
  for (let i = topic.indexOf('/'); i >= 0; i = topic.indexOf('/', i + 1)) {
    // A device may be named `state`, and is not what `<base>/bridge/state` is about.
    if (topic.endsWith('/bridge', i)) return null;
    if (deviceOf(topic.slice(i + 1), hub)) return topic.slice(i + 1);
  }
  return null;
}

/** The name in a topic when no catalogue tells: what follows the usual base topic, or else the first level. */
function assumedIn(topic: string): string {
  const levels = topic.split('/');
  return levels.slice(Math.max(0, levels.indexOf('zigbee2mqtt')) + 1).join('/');
}

const isCriticalDevice = (device: Device | undefined): boolean =>
  device !== undefined && Object.values(device.properties).some(({ kind }) => factsOf(kind).critical);

const listed = (property: string, device: Device | undefined): Meaning | undefined =>
  device && Object.hasOwn(device.properties, property) ? device.properties[property] : undefined;

/** What the catalogue does not list is read by its name where it describes nothing of the device, and where a life may hang on it. */
function guessed(property: string, device: Device | undefined): Meaning | null {
  const plain = plainMeaning(property);
  const undescribed = device === undefined || Object.keys(device.properties).length === 0;
  return plain && (undescribed || factsOf(plain.kind).critical) ? plain : null;
}

const same = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'string' && typeof b === 'string' && a.toLowerCase() === b.toLowerCase());

/** A property's value in our terms: null for none, `strange` when a life may hang on it and it cannot be told. */
function understood({ kind, on }: Meaning, value: unknown): boolean | number | 'strange' | null {
  if (value === null || value === '') return null;
  if (!on) return quantity(value);
  if (on.some((one) => same(one, value))) return true;
  if (on.some((one) => typeof one === typeof value)) return false;
  // A number named gas is a meter's or a concentration.
  if (!factsOf(kind).critical || (kind === 'gas' && typeof value === 'number')) return null;
  return saysTrue(value) ?? 'strange';
}

/** Several properties of one kind on one device (zones, endpoints): any true counts, the emptiest battery, else the first. */
function merged(kind: ReadingKind, before: boolean | number | undefined, value: boolean | number): boolean | number {
  if (before === undefined) return value;
  if (typeof value === 'boolean') return before === true || value;
  return kind === 'battery' ? Math.min(Number(before), value) : before;
}

type Read = { readonly values: Map<ReadingKind, boolean | number>; readonly strange: boolean };

function read(state: Readonly<Record<string, unknown>>, device: Device | undefined): Read {
  const values = new Map<ReadingKind, boolean | number>();
  let strange = false;
  for (const [property, said] of Object.entries(state)) {
    // 1.x has a raw illuminance beside the one in lx.
    if (property === 'illuminance' && 'illuminance_lux' in state) continue;
    const known = listed(property, device);
    const meaning = known ?? guessed(property, device);
    if (!meaning) continue;
    const value = understood(meaning, said);
    // Another action does not end an emergency; a word of a property that is only guessed may be about anything.
    if (value === false && (property === 'action' || meaning.kind === 'test' || (!known && typeof said === 'string')))
      continue;
    if (value === 'strange') strange = true;
    else if (value !== null) values.set(meaning.kind, merged(meaning.kind, values.get(meaning.kind), value));
  }
  return { values, strange };
}

function ageOfState(state: Readonly<Record<string, unknown>>, receivedAt: number): Age {
  // What it kept of a device that has been gone for months is months old, and no sign of life.
  const age = ageOf(state.last_seen, null, receivedAt, Number.POSITIVE_INFINITY);
  return age.ageMs > RECENT_MS ? age : { ...age, ageMs: 0 };
}

/** During a self-test an alarm says smoke as well: that is the test, not a fire. A cry for help is never a test. */
const isTested = (kind: ReadingKind): boolean => factsOf(kind).critical && factsOf(kind).shape === 'state';

function stateOf(name: string, state: unknown, packet: Packet, hub: HubContext): Decoded {
  const device = deviceOf(name, hub);
  if (!isRecord(state) || Object.keys(state).length > MAX_PROPERTIES)
    return unreadable('not_our_shape', isCriticalDevice(device));
  const { values, strange } = read(state, device);
  const { ageMs, clock } = ageOfState(state, packet.receivedAt);
  const readings: Reading[] = [...values]
    .filter(([kind, value]) => !(values.get('test') === true && value === true && isTested(kind)))
    .map(([kind, value]) => ({ device: name, kind, value, ageMs, clock }));
  if (strange && !readings.some(isLifeCritical)) return unreadable('no_known_value', true);
  return readable(readings.length > 0 ? readings : [heartbeat(name, { ageMs, clock })]);
}

/** 2.x publishes `{"state":"online"}`, 1.x the bare word. */
function availabilityOf(name: string, { payload }: Packet, json: Json): Decoded {
  const word = 'reason' in json ? textOf(payload).trim() : isRecord(json.value) ? json.value.state : json.value;
  if (word !== 'online' && word !== 'offline') return unreadable('not_our_shape', false);
  return readable([{ device: name, kind: 'available', value: word === 'online', ageMs: 0, clock: 'none' }]);
}

function describe(json: Json): Decoded {
  if ('reason' in json) return unreadable(json.reason, false);
  const catalogue = catalogueOf(json.value);
  return catalogue ? { ...readable([heartbeat('')]), catalogue } : unreadable('not_our_shape', false);
}

function bridge(about: string, packet: Packet): Decoded {
  if (about === 'devices') return describe(readJson(packet.payload));
  if (about === 'state') return availabilityOf('', packet, readJson(packet.payload));
  return readable([heartbeat('')]);
}

/** With `output: attribute` a property has a topic of its own and its bare value as payload. */
function attributeOf(name: string, property: string, packet: Packet, json: Json, hub: HubContext): Decoded {
  if (!('reason' in json)) return stateOf(name, { [property]: json.value }, packet, hub);
  const bare = textOf(packet.payload);
  return json.reason === 'not_json' && bare.length <= MAX_BARE_LENGTH && printable.test(bare)
    ? stateOf(name, { [property]: bare }, packet, hub)
    : unreadable(json.reason, isCriticalDevice(deviceOf(name, hub)));
}

function decode(packet: Packet, hub: HubContext): Decoded {
  const { topic, payload } = packet;
  if (topic.length > MAX_TOPIC_LENGTH || !topic.includes('/')) return unreadable('unknown_topic', false);
  // What was retained is deleted by an empty message, when a device is removed or renamed.
  if (payload.length === 0) return readable([heartbeat('')]);

  const named = namedIn(topic, hub);
  const about = /\/bridge\/(.+)$/.exec(topic)?.[1];
  if (named === null && about !== undefined) return bridge(about, packet);

  const json = readJson(payload);
  if (named !== null)
    return 'reason' in json
      ? unreadable(json.reason, isCriticalDevice(deviceOf(named, hub)))
      : stateOf(named, json.value, packet, hub);
  if (notAState.test(topic)) return readable([heartbeat('')]);

  const cut = topic.lastIndexOf('/');
  const [above, last] = [topic.slice(0, cut), topic.slice(cut + 1)];
  const owner = namedIn(above, hub) ?? assumedIn(above);
  const assumed = assumedIn(topic);
  if (assumed === '' || assumed.length > MAX_DEVICE_LENGTH) return unreadable('unknown_topic', false);
  if (owner !== '' && last === 'availability') return availabilityOf(owner, packet, json);
  if (deviceOf(owner, hub)) return attributeOf(owner, last, packet, json, hub);
  if (!('reason' in json) && isRecord(json.value)) return stateOf(assumed, json.value, packet, hub);
  if (owner !== '') return attributeOf(owner, last, packet, json, hub);
  return unreadable('reason' in json ? json.reason : 'not_our_shape', false);
}

export const zigbee2mqtt = { ecosystem: 'zigbee2mqtt', decode } as const satisfies Decoder;
