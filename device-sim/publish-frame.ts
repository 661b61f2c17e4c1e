/**
 * MQTT 3.1.1 PUBLISH frames of one hub, made by copying a template and writing over the few bytes that differ: encoding
 * JSON and packets anew for each message costs more than sending it, and the load shares its machine with the server.
 */
export type FrameMaker = {
  readonly bytes: number;
  /** Writes a frame at `at`; `seq` below ten billion. */
  readonly write: (
    target: Buffer,
    at: number,
    packetId: number,
    seq: number,
    times: FrameTimes,
    again: boolean,
  ) => void;
};

/** When a message was made, which is the same in each of its copies, and when it is sent; as 24 ASCII characters each. */
export type FrameTimes = { readonly made: Buffer; readonly sent: Buffer };

const PUBLISH_QOS_1 = 0x32;
const DUP = 0x08;
const SEQ_DIGITS = 10;
const NO_TIME = '0000-00-00T00:00:00.000Z';

function header(first: number, length: number): number[] {
  const bytes = [first];
  do {
    const rest = Math.floor(length / 128);
    bytes.push((length % 128) | (rest > 0 ? 0x80 : 0));
    length = rest;
  } while (length > 0);
  return bytes;
}

/** `reading`: the one reading of each message, as JSON. The number is padded with spaces before it, which JSON allows. */
export function frameMaker(topic: string, boot: string, reading: string): FrameMaker {
  const payload = `{"boot":"${boot}","seq":${' '.repeat(SEQ_DIGITS)},"ts":"${NO_TIME}","sent":"${NO_TIME}","readings":[${reading}]}`;
  const topicBytes = Buffer.from(topic);
  const payloadBytes = Buffer.from(payload);
  const head = Buffer.from(header(PUBLISH_QOS_1, 2 + topicBytes.length + 2 + payloadBytes.length));
  const template = Buffer.concat([head, Buffer.alloc(2), topicBytes, Buffer.alloc(2), payloadBytes]);
  template.writeUInt16BE(topicBytes.length, head.length);
  const idAt = head.length + 2 + topicBytes.length;
  const seqEnd = template.indexOf('"seq":') + 6 + SEQ_DIGITS;
  const tsAt = template.indexOf('"ts":"') + 6;
  const sentAt = template.indexOf('"sent":"') + 8;
  return {
    bytes: template.length,
    write(target, at, packetId, seq, { made, sent }, again) {
      template.copy(target, at);
      if (again) target[at] = PUBLISH_QOS_1 | DUP;
      target[at + idAt] = packetId >> 8;
      target[at + idAt + 1] = packetId & 0xff;
      let digit = at + seqEnd;
      for (let rest = seq; rest > 0; rest = Math.floor(rest / 10)) target[--digit] = 0x30 + (rest % 10);
      made.copy(target, at + tsAt);
      sent.copy(target, at + sentAt);
    },
  };
}

/** A CONNECT with a clean session. */
export function connectFrame(clientId: string, username: string, password: string, keepaliveSeconds: number): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
  };
  const flags = 0b1100_0010;
  const body = Buffer.concat([
    text('MQTT'),
    Buffer.from([4, flags, keepaliveSeconds >> 8, keepaliveSeconds & 0xff]),
    text(clientId),
    text(username),
    text(password),
  ]);
  return Buffer.concat([Buffer.from(header(0x10, body.length)), body]);
}
