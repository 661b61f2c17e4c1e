import type { Duplex } from 'node:stream';
import { BadFrame, frameCutter } from './mqtt-frames.ts';

export type GateLimits = {
  readonly bytesBeforeConnect: number;
  readonly bytes: number;
  /** Publishes that may wait for their answer; beyond, the socket is not read. */
  readonly inFlight: number;
};

export type Gate = {
  /** To be called when aedes has the socket: its listener comes first. */
  readonly follow: () => void;
  /** The client is who it says: more than its CONNECT may pass. */
  readonly open: () => void;
  /** One of its publishes has been answered. */
  readonly answered: () => void;
  readonly inFlight: () => number;
  /** Nothing more is read. */
  readonly shut: () => void;
};

type Phase = 'new' | 'connecting' | 'open' | 'shut';

/**
 * aedes reads on when everything it has read is answered, less one for each 'readable': so a ping would wait for the disk, and a
 * slow disk would look like a thousand silent hubs. It is told 'readable' until it asks; how much it gets is the gate's to decide.
 */
function insist(socket: Duplex, times: number, heard: () => boolean): () => void {
  let insisting = false;
  return () => {
    if (insisting) return;
    insisting = true;
    for (let n = times; n > 0 && !heard(); n--) socket.emit('readable');
    insisting = false;
  };
}

/**
 * Stands between a socket and aedes, which takes whatever there is (`read(null)`) and dispatches all of it at once: thousands of
 * small publishes from one read, and frames of any declared length before anybody is known. The gate answers that read with as
 * many whole frames as may be in flight and puts the rest back; what is not read stays in the kernel's hands, and then in the hub's.
 * Replacing the one method costs a look at each frame's length; a stream in between would take everything through one more buffer.
 */
export function gateOf(
  socket: Duplex,
  limits: GateLimits,
  hooks: { readonly held: () => boolean; readonly oversize: (declaredBytes: number) => void },
): Gate {
  const take = socket.read.bind(socket);
  let phase: Phase = 'new';
  let answered = 0;
  const frames = frameCutter(() => (phase === 'open' ? limits.bytes : limits.bytesBeforeConnect));
  const inFlight = (): number => frames.publishes() - answered;
  let asked = false;
  const heard = (): boolean => {
    const before = asked;
    asked = false;
    return before;
  };

  function mayBegin(): number {
    switch (phase) {
      case 'new':
        return 1;
      case 'connecting':
      case 'shut':
        return 0;
      case 'open':
        return hooks.held() ? 0 : limits.inFlight - inFlight();
      default:
        return phase satisfies never;
    }
  }

  function cut(): Buffer | null {
    const may = mayBegin();
    if (may <= 0 && frames.atBorder()) return null;
    const chunk: Buffer | null = take();
    if (chunk === null) return null;
    const passes = frames.pass(chunk, may);
    if (phase === 'new') phase = 'connecting';
    if (passes === chunk.length) return chunk;
    socket.unshift(chunk.subarray(passes));
    return passes === 0 ? null : chunk.subarray(0, passes);
  }

  // Streams ask themselves for bytes by read(0); only aedes reads without a number.
  socket.read = (size?: number | null) => {
    if (typeof size === 'number') return take(size);
    asked = true;
    try {
      return cut();
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      phase = 'shut';
      hooks.oversize(error.declaredBytes);
      return null;
    }
  };

  return {
    follow: () => void socket.on('readable', insist(socket, limits.inFlight, heard)),
    open: () => {
      if (phase === 'connecting') phase = 'open';
    },
    answered: () => answered++,
    inFlight,
    shut: () => {
      phase = 'shut';
    },
  };
}
