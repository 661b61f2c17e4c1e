import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { JournalEntry } from '../domain/packet.ts';

/**
 * The journal's binary form: entries one behind another, all numbers little-endian:
 * kind u8 (0 packet, 1 up, 2 down) · receivedAt f64 · monotonicAt f64 · hub u8 length + bytes, then for a packet
 * qos and retain u8 (retain is bit 2) · topic u16 length + bytes · payload u32 length + bytes, for a link change epoch u32.
 */
const KINDS = ['packet', 'up', 'down'] as const;
const FIXED = 1 + 8 + 8 + 1 + 255 + 1 + 2 + 4;

export type SegmentWriter = {
  readonly add: (entry: JournalEntry) => void;
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

  return {
    add(entry) {
      const packet = entry.kind === 'packet' ? entry : null;
      reserve(FIXED + (packet ? packet.topic.length * 3 + packet.payload.length : 0));
      at = buffer.writeUInt8(KINDS.indexOf(entry.kind), at);
      at = buffer.writeDoubleLE(entry.receivedAt, at);
      at = buffer.writeDoubleLE(entry.monotonicAt, at);
      const hub = buffer.write(entry.hubId, at + 1);
      at = buffer.writeUInt8(hub, at) + hub;
      if (packet) {
        at = buffer.writeUInt8(packet.qos | (packet.retain ? 4 : 0), at);
        const topic = buffer.write(packet.topic, at + 2);
        at = buffer.writeUInt16LE(topic, at) + topic;
        at = buffer.writeUInt32LE(packet.payload.length, at);
        buffer.set(packet.payload, at);
        at += packet.payload.length;
      } else if (entry.kind !== 'packet') at = buffer.writeUInt32LE(entry.epoch, at);
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

/** The entries of a segment's uncompressed bytes, in order. */
export function* segmentEntries(bytes: Uint8Array): Generator<JournalEntry> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < buffer.length) {
    const kind = KINDS[buffer.readUInt8(at)];
    if (!kind) throw new Error(`segment is corrupt at byte ${at}`);
    const receivedAt = buffer.readDoubleLE(at + 1);
    const monotonicAt = buffer.readDoubleLE(at + 9);
    const hubEnd = at + 18 + buffer.readUInt8(at + 17);
    const hubId = buffer.toString('utf8', at + 18, hubEnd);
    at = hubEnd;
    if (kind === 'packet') {
      const flags = buffer.readUInt8(at);
      const topicEnd = at + 3 + buffer.readUInt16LE(at + 1);
      const topic = buffer.toString('utf8', at + 3, topicEnd);
      const payloadEnd = topicEnd + 4 + buffer.readUInt32LE(topicEnd);
      const payload = buffer.subarray(topicEnd + 4, payloadEnd);
      at = payloadEnd;
      yield {
        kind,
        hubId,
        topic,
        payload,
        qos: (flags & 3) as 0 | 1 | 2,
        retain: (flags & 4) !== 0,
        receivedAt,
        monotonicAt,
      };
    } else {
      yield { kind, hubId, epoch: buffer.readUInt32LE(at), receivedAt, monotonicAt };
      at += 4;
    }
  }
}

/** Level 1 is enough: what is alike in a segment are topics and key names. */
export const compressSegment = (bytes: Uint8Array): Uint8Array =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
export const expandSegment = (packets: Uint8Array): Uint8Array => zstdDecompressSync(packets);
