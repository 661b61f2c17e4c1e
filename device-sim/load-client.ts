import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { HubLine } from './hubs-csv.ts';
import { connectFrame, frameMaker } from './publish-frame.ts';

export type LoadClient = {
  readonly state: () => 'idle' | 'dialling' | 'ready' | 'dead';
  readonly dial: () => void;
  /** Publishes up to `count` messages, as far as the window allows; how many it were. */
  readonly publish: (count: number) => number;
  /** Publishes whenever there is room in the window. */
  readonly keepFull: (on: boolean) => void;
  readonly close: () => void;
};

export type LoadClientOptions = {
  readonly host: string;
  readonly port: number;
  readonly hub: HubLine;
  readonly boot: string;
  readonly window: number;
  readonly criticalPerMille: number;
  readonly reconnect: boolean;
  readonly onSend: (seq: number, critical: boolean) => void;
  readonly onAck: (seq: number, critical: boolean, ms: number) => void;
};

const REDIAL_MS = 200;
const KEEPALIVE_SECONDS = 600;
const IDS = 65_535;
const CONNACK = 2;
const PUBACK = 4;

/** The time of day as ISO 8601, formatted once a millisecond for all clients. */
let isoAt = 0;
let iso = Buffer.alloc(24);
function isoNow(): Buffer {
  const now = Date.now();
  if (now !== isoAt) {
    isoAt = now;
    iso = Buffer.from(new Date(now).toISOString());
  }
  return iso;
}

/** One hub of a load: a bare socket, a window of messages in flight, and their acknowledgements. */
export function loadClient(options: LoadClientOptions): LoadClient {
  const { hub, window } = options;
  const ordinary = frameMaker(hub.topic, options.boot, '{"kind":"motion","device":"pir-kitchen","value":true}');
  const emergency = frameMaker(
    hub.topic.replace(/\/up$/, '/emergency'),
    options.boot,
    '{"kind":"sos","device":"sos-bedroom","value":true}',
  );
  // Numbers in flight are within one ring of each other, so that the ring's slot of a number is its own.
  const slots = 2 ** Math.ceil(Math.log2(window * 2));
  const sentAt = new Float64Array(slots);
  const waiting = new Uint8Array(slots);
  let state: ReturnType<LoadClient['state']> = 'idle';
  let socket: Socket | null = null;
  let redial: NodeJS.Timeout | undefined;
  let full = false;
  let seq = 0;
  let inFlight = 0;
  let oldest = 1;
  let rest: Buffer | null = null;

  const everyNth = options.criticalPerMille > 0 ? Math.round(1_000 / options.criticalPerMille) : 0;
  const isCritical = (number: number) => everyNth > 0 && number % everyNth === 0;
  const idOf = (number: number) => ((number - 1) % IDS) + 1;
  /** The number in flight that carries this packet identifier: the first from `oldest` on. */
  const numberOf = (id: number) => oldest + ((id - idOf(oldest) + IDS) % IDS);

  function framesOf(numbers: readonly number[], again: boolean): Buffer {
    const makers = numbers.map((number) => (isCritical(number) ? emergency : ordinary));
    const bytes = Buffer.allocUnsafe(makers.reduce((sum, maker) => sum + maker.bytes, 0));
    let at = 0;
    numbers.forEach((number, i) => {
      const maker = makers[i] ?? ordinary;
      maker.write(bytes, at, idOf(number), number, isoNow(), again);
      at += maker.bytes;
    });
    return bytes;
  }

  function publish(count: number): number {
    if (state !== 'ready' || !socket) return 0;
    // The window ends at the ring's edge too: one message never acknowledged must not be written over.
    const room = Math.min(count, window - inFlight, oldest + slots - 1 - seq);
    if (room <= 0) return 0;
    const now = performance.now();
    const numbers: number[] = [];
    for (let i = 0; i < room; i++) {
      seq++;
      sentAt[seq % slots] = now;
      waiting[seq % slots] = 1;
      numbers.push(seq);
      options.onSend(seq, isCritical(seq));
    }
    inFlight += room;
    socket.write(framesOf(numbers, false));
    return room;
  }

  function acknowledged(id: number): void {
    const number = numberOf(id);
    if (number > seq || waiting[number % slots] === 0) return;
    waiting[number % slots] = 0;
    inFlight--;
    while (oldest <= seq && waiting[oldest % slots] === 0) oldest++;
    options.onAck(number, isCritical(number), performance.now() - (sentAt[number % slots] ?? 0));
  }

  function ready(): void {
    state = 'ready';
    const again: number[] = [];
    for (let number = oldest; number <= seq; number++) if (waiting[number % slots] === 1) again.push(number);
    if (again.length > 0) socket?.write(framesOf(again, true));
  }

  /** Only CONNACK, PUBACK and other short packets come: nothing is subscribed. */
  function read(chunk: Buffer): void {
    const bytes = rest ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    while (bytes.length - at >= 2) {
      const length = 2 + (bytes[at + 1] ?? 0);
      if (bytes.length - at < length) break;
      const type = (bytes[at] ?? 0) >> 4;
      if (type === PUBACK) acknowledged(bytes.readUInt16BE(at + 2));
      else if (type === CONNACK && bytes[at + 3] === 0) ready();
      else if (type === CONNACK) refuse();
      at += length;
    }
    rest = at < bytes.length ? bytes.subarray(at) : null;
    if (full) publish(window);
  }

  /** A refused credential stays refused; dialling again would only be a flood. */
  function refuse(): void {
    state = 'dead';
    socket?.destroy();
  }

  function dial(): void {
    state = 'dialling';
    rest = null;
    socket = connect({ host: options.host, port: options.port, noDelay: true }, () =>
      socket?.write(connectFrame(hub.clientId, hub.username, hub.password, KEEPALIVE_SECONDS)),
    );
    socket.on('data', read);
    socket.on('error', () => {});
    socket.on('close', () => {
      if (state === 'dead') return;
      if (options.reconnect) {
        state = 'dialling';
        redial = setTimeout(dial, REDIAL_MS);
      } else state = 'dead';
    });
  }

  return {
    state: () => state,
    dial,
    publish,
    keepFull(on) {
      full = on;
      if (on) publish(window);
    },
    close() {
      state = 'dead';
      clearTimeout(redial);
      socket?.destroy();
    },
  };
}
