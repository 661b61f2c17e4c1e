/** How MQTT cuts its stream: a byte of type and flags, one to four bytes of length (7 bits each, low first), the body. */
const PUBLISH = 3;

export type FrameCutter = {
  /**
   * How many bytes of `chunk` may pass when at most `frames` may begin in it. Remembers where in a frame it stopped; what did not
   * pass is to be shown again.
   */
  readonly pass: (chunk: Uint8Array, frames: number) => number;
  /** Publishes that have begun to pass so far. */
  readonly publishes: () => number;
  /** The next byte is the first of a frame. */
  readonly atBorder: () => boolean;
};

/** A frame that declares more than it may, or a length that is none. Declared: nothing of it needs to have come. */
export class BadFrame extends Error {
  readonly declaredBytes: number;
  constructor(declaredBytes: number) {
    super(`a frame declares ${declaredBytes} bytes`);
    this.declaredBytes = declaredBytes;
  }
}

const LENGTH_OF_LENGTH = 128 ** 3;

export function frameCutter(limitBytes: () => number): FrameCutter {
  let part: 'type' | 'length' | 'body' = 'type';
  let length = 0;
  let weight = 1;
  let publishes = 0;

  return {
    publishes: () => publishes,
    atBorder: () => part === 'type',
    pass(chunk, frames) {
      let left = frames;
      let at = 0;
      while (at < chunk.length) {
        if (part === 'body') {
          const step = Math.min(length, chunk.length - at);
          at += step;
          length -= step;
          if (length === 0) part = 'type';
          continue;
        }
        if (part === 'type' && left === 0) return at;
        const byte = chunk[at++] ?? 0;
        if (part === 'type') {
          left--;
          if (byte >> 4 === PUBLISH) publishes++;
          part = 'length';
          length = 0;
          weight = 1;
          continue;
        }
        length += (byte & 127) * weight;
        if (byte < 128) {
          if (length > limitBytes()) throw new BadFrame(length);
          part = length === 0 ? 'type' : 'body';
        } else if (weight === LENGTH_OF_LENGTH) throw new BadFrame(Number.POSITIVE_INFINITY);
        else weight *= 128;
      }
      return at;
    },
  };
}
