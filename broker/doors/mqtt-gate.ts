import { Socket } from 'node:net';
import { BadFrame, FrameCutter } from './mqtt-frames.ts';

export type GateLimits = {
  readonly bytesBeforeConnect: number;
  readonly bytes: number;
  /** Publishes that may wait for their answer; beyond, the socket is not read. */
  readonly inFlight: number;
};

/** The same for all gates of a door. */
export type GateRules = {
  readonly limits: GateLimits;
  readonly clock: { readonly monotonic: () => number };
  /** Nothing is read from this one for now. */
  readonly held: (socket: Socket) => boolean;
  readonly oversize: (socket: Socket, declaredBytes: number) => void;
};

type Phase = 'new' | 'connecting' | 'open' | 'shut';

const GATE = Symbol('gate');
type Gated = Socket & { [GATE]: Gate };

/** Streams ask themselves for bytes by read(0); only aedes reads without a number. */
function readThroughGate(this: Gated, size?: number): Buffer | null {
  return typeof size === 'number' ? Socket.prototype.read.call(this, size) : this[GATE].read();
}

/**
 * aedes reads on when everything it has read is answered, less one for each 'readable': so a ping would wait for the disk, and a
 * slow disk would look like a thousand silent hubs. It is told 'readable' until it asks; how much it gets is the gate's to decide.
 */
function insist(this: Gated): void {
  this[GATE].insist();
}

/**
 * Stands between a socket and aedes, which takes whatever there is (`read(null)`) and dispatches all of it at once: thousands of
 * small publishes from one read, and frames of any declared length before anybody is known. The gate answers that read with as
 * many whole frames as may be in flight and puts the rest back; what is not read stays in the kernel's hands, and then in the hub's.
 * Replacing the one method costs a look at each frame's length; a stream in between would take everything through one more buffer.
 */
export class Gate {
  readonly #socket: Socket;
  readonly #rules: GateRules;
  readonly #frames = new FrameCutter();
  #phase: Phase = 'new';
  #answered = 0;
  #heardAt: number;
  #asked = false;
  #insisting = false;

  constructor(socket: Socket, rules: GateRules) {
    this.#socket = socket;
    this.#rules = rules;
    this.#heardAt = rules.clock.monotonic();
    Object.assign(socket, { [GATE]: this, read: readThroughGate });
  }

  /** To be called when aedes has the socket: its listener comes first. */
  follow(): void {
    this.#socket.on('readable', insist);
  }

  /** The client is who it says: more than its CONNECT may pass. */
  open(): void {
    if (this.#phase === 'connecting') this.#phase = 'open';
  }

  /** One of its publishes has been answered. */
  answered(): void {
    this.#answered++;
  }

  /** For how long nothing has come, not even a ping. */
  silentMs(): number {
    return Math.round(this.#rules.clock.monotonic() - this.#heardAt);
  }

  /** Nothing more is read. */
  shut(): void {
    this.#phase = 'shut';
  }

  read(): Buffer | null {
    this.#asked = true;
    try {
      return this.#cut();
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.#phase = 'shut';
      this.#rules.oversize(this.#socket, error.declaredBytes);
      return null;
    }
  }

  insist(): void {
    if (this.#insisting) return;
    this.#insisting = true;
    for (let n = this.#rules.limits.inFlight; n > 0 && !this.#heard(); n--) this.#socket.emit('readable');
    this.#insisting = false;
  }

  #heard(): boolean {
    const asked = this.#asked;
    this.#asked = false;
    return asked;
  }

  #mayBegin(): number {
    switch (this.#phase) {
      case 'new':
        return 1;
      case 'connecting':
      case 'shut':
        return 0;
      case 'open': {
        const { held, limits } = this.#rules;
        return held(this.#socket) ? 0 : limits.inFlight - (this.#frames.publishes - this.#answered);
      }
      default:
        return this.#phase satisfies never;
    }
  }

  #cut(): Buffer | null {
    const may = this.#mayBegin();
    if (may <= 0 && this.#frames.atBorder) return null;
    const chunk: Buffer | null = Socket.prototype.read.call(this.#socket);
    if (chunk === null) return null;
    this.#heardAt = this.#rules.clock.monotonic();
    const { limits } = this.#rules;
    const passes = this.#frames.pass(chunk, may, this.#phase === 'open' ? limits.bytes : limits.bytesBeforeConnect);
    if (this.#phase === 'new') this.#phase = 'connecting';
    if (passes === chunk.length) return chunk;
    this.#socket.unshift(chunk.subarray(passes));
    return passes === 0 ? null : chunk.subarray(0, passes);
  }
}
