import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { JournalEntry, LinkChange, Packet } from '../domain/packet.ts';

/**
 * The journal's binary form: entries one behind another, all numbers little-endian:
 * kind u8 (0 packet, 1 up, 2 down, 3 beat, 4 down after a silence; plus 128 when a slot follows) · slot u8, if any · receivedAt f64 · monotonicAt f64 · then, but
 * for a beat, hub u8 length + bytes, and for a packet qos and retain u8 (retain is bit 2) · topic u16 length + bytes · payload
 * u32 length + bytes, for a link change epoch u32, and of 4 the silence in ms u32. The slot is the household's (partition.ts); entries without one are for everybody.
 */
const KINDS = ['packet', 'up', 'down', 'beat', 'silent'] as const;
const HAS_SLOT = 128;
const FIXED = 2 + 8 + 8 + 1 + 255 + 1 + 2 + 4;

export type SegmentWriter = {
  readonly add: (entry: JournalEntry, slot?: number) => void;
  /** Entries so far; `take` hands over their bytes and starts afresh. */
  readonly count: () => number;
  readonly bytes: () => number;
  readonly take: () => Uint8Array<ArrayBuffer>;
};

export function segmentWriter(initialBytes = 65_536): SegmentWriter {
  let buffer = Buffer.allocUnsafeSlow(initialBytes);
  let at = 0;
  let count = 0;

  function reserve(bytes: number): void {
    if (at + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + bytes));
    buffer.copy(larger, 0, 0, at);
    buffer = larger;
  }

  /** Where the next entry begins. */
  function packetAt(from: number, { qos, retain, topic, payload }: Packet): number {
    let end = buffer.writeUInt8(qos | (retain ? 4 : 0), from);
    const bytes = buffer.write(topic, end + 2);
    end = buffer.writeUInt16LE(bytes, end) + bytes;
    end = buffer.writeUInt32LE(payload.length, end);
    buffer.set(payload, end);
    return end + payload.length;
  }

  function linkAt(from: number, { epoch, silentMs }: LinkChange): number {
    const end = buffer.writeUInt32LE(epoch, from);
    return silentMs ? buffer.writeUInt32LE(silentMs, end) : end;
  }

  return {
    add(entry, slot) {
      reserve(FIXED + (entry.kind === 'packet' ? entry.topic.length * 3 + entry.payload.length : 0));
      const kind = entry.kind === 'down' && entry.silentMs ? 'silent' : entry.kind;
      let end = buffer.writeUInt8(KINDS.indexOf(kind) | (slot === undefined ? 0 : HAS_SLOT), at);
      if (slot !== undefined) end = buffer.writeUInt8(slot, end);
      end = buffer.writeDoubleLE(entry.receivedAt, end);
      end = buffer.writeDoubleLE(entry.monotonicAt, end);
      if (entry.kind !== 'beat') {
        const hub = buffer.write(entry.hubId, end + 1);
        end = buffer.writeUInt8(hub, end) + hub;
        end = entry.kind === 'packet' ? packetAt(end, entry) : linkAt(end, entry);
      }
      // Only now: what does not fit throws, and half an entry would make all that follows unreadable.
      at = end;
      count++;
    },
    count: () => count,
    bytes: () => at,
    take() {
      const bytes = new Uint8Array(buffer.buffer.slice(0, at) as ArrayBuffer);
      at = 0;
      count = 0;
      return bytes;
    },
  };
}

/** The entries of a segment's uncompressed bytes, in order; null for each whose slot is not wanted: those cost next to nothing. */
export function* wantedEntries(
  bytes: Uint8Array,
  wanted: (slot: number) => boolean,
): Generator<JournalEntry | null, void> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < buffer.length; ) {
    const first = buffer.readUInt8(at++);
    const kind = KINDS[first & ~HAS_SLOT];
    if (!kind) throw new Error(`segment is corrupt at byte ${at - 1}`);
    const isWanted = (first & HAS_SLOT) === 0 || wanted(buffer.readUInt8(at++));
    const receivedAt = buffer.readDoubleLE(at);
    const monotonicAt = buffer.readDoubleLE(at + 8);
    at += 16;
    if (kind === 'beat') {
      yield { kind, receivedAt, monotonicAt };
      continue;
    }
    const hubEnd = at + 1 + buffer.readUInt8(at);
    const hubAt = at + 1;
    at = hubEnd;
    if (kind !== 'packet') {
      const epoch = buffer.readUInt32LE(at);
      at += 4;
      const silence = kind === 'silent' ? { silentMs: buffer.readUInt32LE(at) } : {};
      if (kind === 'silent') at += 4;
      const change = kind === 'up' ? 'up' : 'down';
      const hubId = buffer.toString('utf8', hubAt, hubEnd);
      yield isWanted ? { kind: change, hubId, epoch, ...silence, receivedAt, monotonicAt } : null;
      continue;
    }
    const flags = buffer.readUInt8(at);
    const topicEnd = at + 3 + buffer.readUInt16LE(at + 1);
    const payloadEnd = topicEnd + 4 + buffer.readUInt32LE(topicEnd);
    const topicAt = at + 3;
    at = payloadEnd;
    yield isWanted
      ? {
          kind,
          hubId: buffer.toString('utf8', hubAt, hubEnd),
          topic: buffer.toString('utf8', topicAt, topicEnd),
          payload: buffer.subarray(topicEnd + 4, payloadEnd),
          qos: (flags & 3) as 0 | 1 | 2,
          retain: (flags & 4) !== 0,
          receivedAt,
          monotonicAt,
        }
      : null;
  }
}

/** All of them. */
export const segmentEntries = (bytes: Uint8Array): Generator<JournalEntry, void> =>
  wantedEntries(bytes, () => true) as Generator<JournalEntry, void>;

/** Level 1 is enough: what is alike in a segment are topics and key names. */
export const compressSegment = (bytes: Uint8Array): Uint8Array =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
export const expandSegment = (packets: Uint8Array): Uint8Array => zstdDecompressSync(packets);
