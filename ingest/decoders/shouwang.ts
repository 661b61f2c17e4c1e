import type { Decoded, Decoder, HubEvent, Packet } from '../../domain/packet.ts';
import {
  factsOf,
  isLifeCritical,
  type KindFacts,
  type Reading,
  type ReadingKind,
  readingKind,
} from '../../domain/reading.ts';
import { type Age, ageOf, timeOf } from './clock.ts';
import { heartbeat, quantity, readable, unreadable } from './decoded.ts';
import { isRecord, readJson } from './json.ts';
import { saysTrue } from './truth.ts';

/**
 * Our own protocol; docs/devices.md is its description for makers. Checked field by field and not with one schema, since one
 * wrong field must not cost the others; it is also 1.3 times as fast as zod beside the parsing.
 */

const MAX_READINGS = 20_000;
const MAX_DEVICE_LENGTH = 256;
const MAX_KIND_LENGTH = 64;
const MAX_BOOT_LENGTH = 64;

const upLink = /^sw\/[^/]+\/(?:up|emergency)$/;

const kinds: ReadonlyMap<unknown, { readonly kind: ReadingKind; readonly facts: KindFacts }> = new Map(
  readingKind.options.map((kind) => [kind, { kind, facts: factsOf(kind) }]),
);
const kindOf = (said: string) => kinds.get(said) ?? kinds.get(said.trim().toLowerCase());

/** Plausible UCUM units other than a kind's own, by what they become. */
const conversions: Readonly<Record<string, Readonly<Record<string, (value: number) => number>>>> = {
  Cel: { '[degF]': (f) => ((f - 32) * 5) / 9, K: (k) => k - 273.15 },
  'mm[Hg]': { kPa: (kPa) => kPa * 7.500617 },
  kg: { '[lb_av]': (lb) => lb * 0.45359237, g: (g) => g / 1_000 },
};

/** UCUM's annotations in braces carry no meaning: `{beats}/min` is `/min`. */
const withoutAnnotation = (unit: string) => unit.replace(/\{[^}]*\}/g, '');

function measured(own: string, said: unknown, unit: unknown): number | null {
  const value = quantity(said);
  if (value === null || unit === undefined || unit === null || unit === own) return value;
  if (typeof unit !== 'string' || unit.length > 40) return null;
  const plain = withoutAnnotation(unit);
  if (plain === own) return value;
  const table = conversions[own];
  const convert = table && Object.hasOwn(table, plain) ? table[plain] : undefined;
  return convert ? Number(convert(value).toFixed(3)) : null;
}

/**
 * What a value means for a kind; null when it cannot be told. A life-critical kind errs towards the alarm: whatever does not
 * clearly say no says yes. A momentary event needs no value at all.
 */
function meaningOf({ shape, unit, critical }: KindFacts, value: unknown, saidUnit: unknown): boolean | number | null {
  if (shape === 'measure') return measured(unit ?? '', value, saidUnit);
  if (value === undefined || value === null) return shape === 'momentary' ? true : null;
  return saysTrue(value) ?? (critical ? true : null);
}

/** A device's key within the hub; '' is the hub itself. Null when it is none. */
function deviceOf(said: unknown): string | null {
  if (typeof said === 'string') return said.length <= MAX_DEVICE_LENGTH ? said : null;
  if (said === undefined || said === null) return '';
  return typeof said === 'number' ? String(said) : null;
}

/** What the readings of one message have in common. */
type Message = {
  readonly age: Age;
  readonly sentAt: number | null;
  readonly receivedAt: number;
  readonly emergency: boolean;
};

/** One element of `readings`, or null when it cannot be told what it means. */
function readingOf(said: unknown, message: Message): Reading | null {
  if (!isRecord(said) || typeof said.kind !== 'string' || said.kind.length > MAX_KIND_LENGTH) return null;
  const device = deviceOf(said.device);
  const age = said.at === undefined ? message.age : ageOf(said.at, message.sentAt, message.receivedAt);
  const known = kindOf(said.kind);
  // On the emergency topic a kind that we do not know may be the emergency itself; elsewhere it shows that its device lives.
  if (!known) return message.emergency ? null : heartbeat(device ?? '', age);
  const { kind, facts } = known;
  const value = meaningOf(facts, said.value, said.unit);
  if (value === null || (device === null && !facts.critical)) return null;
  if (value === false && facts.shape === 'momentary' && !facts.critical) return heartbeat(device ?? '', age);
  return { device: device ?? '', kind, value, ageMs: age.ageMs, clock: age.clock };
}

function eventOf({ boot, seq, ts }: Readonly<Record<string, unknown>>): HubEvent | null {
  if (typeof boot !== 'string' || boot.length === 0 || boot.length > MAX_BOOT_LENGTH) return null;
  return typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 0 ? { boot, seq, clockAt: timeOf(ts) } : null;
}

function decode(packet: Packet): Decoded {
  const emergency = packet.topic.endsWith('/emergency');
  if (!upLink.test(packet.topic)) return unreadable('unknown_topic', emergency);
  const json = readJson(packet.payload);
  if ('reason' in json) return unreadable(json.reason, emergency);
  const body = json.value;
  if (!isRecord(body)) return unreadable('not_our_shape', emergency);
  const event = eventOf(body);
  if (!Array.isArray(body.readings)) return unreadable('not_our_shape', emergency, event);
  const said: readonly unknown[] = body.readings;
  if (said.length > MAX_READINGS) return unreadable('not_our_shape', emergency, event);
  if (said.length === 0) return readable([heartbeat('')], event);

  const sentAt = timeOf(body.sent);
  // Texts are slow to read as times, and this one has been.
  const age = ageOf(event?.clockAt ?? body.ts, sentAt, packet.receivedAt);
  const message: Message = { age, sentAt, receivedAt: packet.receivedAt, emergency };
  const readings: Reading[] = [];
  for (const one of said) {
    const reading = readingOf(one, message);
    if (reading) readings.push(reading);
  }
  const missed = readings.length < said.length;
  const lost = emergency ? missed && !readings.some(isLifeCritical) : readings.length === 0;
  return lost ? unreadable('no_known_value', emergency, event) : readable(readings, event);
}

/** What tells a hub that its life-critical event is an open alert on disk: sent to the `down` beside the topic it came on. */
function acknowledgement(topic: string, { boot, seq }: Pick<HubEvent, 'boot' | 'seq'>) {
  const folder = topic.slice(0, topic.lastIndexOf('/') + 1);
  return { topic: `${folder}down`, payload: JSON.stringify({ ack: { boot, seq } }) };
}

export const shouwang = { ecosystem: 'shouwang', decode, acknowledgement } as const satisfies Decoder;
