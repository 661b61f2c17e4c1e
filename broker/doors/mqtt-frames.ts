/** How MQTT cuts its stream: a byte of type and flags, one to four bytes of length (7 bits each, low first), the body. */
const PUBLISH = 3;

/** A frame that declares more than it may, or a length that is none. Declared: nothing of it needs to have come. */
export class BadFrame extends Error {
  readonly declaredBytes: number;
  constructor(declaredBytes: number) {
    super(`a frame declares ${declaredBytes} bytes`);
    this.declaredBytes = declaredBytes;
  }
}

const LENGTH_OF_LENGTH = 128 ** 3;

/** Follows one connection's stream: ten thousands of them live as long as their connections, so each is a few words. */
export class FrameCutter {
  #part: 'type' | 'length' | 'body' = 'type';
  #length = 0;
  #weight = 1;
  #publishes = 0;

  /** Publishes that have begun to pass so far. */
  get publishes(): number {
    return this.#publishes;
  }

  /** The next byte is the first of a frame. */
  get atBorder(): boolean {
    return this.#part === 'type';
  }

  /**
   * How many bytes of `chunk` may pass when at most `frames` may begin in it, none of them longer than `limitBytes`. Remembers
   * where in a frame it stopped; what did not pass is to be shown again.
   */
  pass(chunk: Uint8Array, frames: number, limitBytes: number): number {
    let left = frames;
    let at = 0;
    while (at < chunk.length) {
      if (this.#part === 'body') {
        const step = Math.min(this.#length, chunk.length - at);
        at += step;
        this.#length -= step;
        if (this.#length === 0) this.#part = 'type';
        continue;
      }
      if (this.#part === 'type' && left === 0) return at;
      const byte = chunk[at++] ?? 0;
      if (this.#part === 'type') {
        left--;
        if (byte >> 4 === PUBLISH) this.#publishes++;
        this.#part = 'length';
        this.#length = 0;
        this.#weight = 1;
        continue;
      }
      this.#length += (byte & 127) * this.#weight;
      if (byte < 128) {
        if (this.#length > limitBytes) throw new BadFrame(this.#length);
        this.#part = this.#length === 0 ? 'type' : 'body';
      } else if (this.#weight === LENGTH_OF_LENGTH) throw new BadFrame(Number.POSITIVE_INFINITY);
      else this.#weight *= 128;
    }
    return at;
  }
}
