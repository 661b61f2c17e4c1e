import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { HubLine } from './hubs-csv.ts';
import { connectFrame, type FrameMaker, frameMaker } from './publish-frame.ts';

export type LoadClientOptions = {
  readonly host: string;
  readonly port: number;
  readonly hub: HubLine;
  readonly boot: string;
  readonly window: number;
  readonly criticalPerMille: number;
  /** The hubs' emergencies take turns by it, however few messages each of them sends. */
  readonly index: number;
  readonly reconnect: boolean;
  readonly tls: ConnectionOptions | null;
  /** What it kept for the moment when it is let in, messages. */
  readonly kept: number;
  readonly onSend: (seq: number, critical: boolean) => void;
  readonly onAck: (seq: number, critical: boolean, ms: number) => void;
};

const REDIAL_MS = 200;
const KEEPALIVE_SECONDS = 600;
const IDS = 65_535;
const CONNACK = 2;
const PUBACK = 4;

const idOf = (number: number): number => ((number - 1) % IDS) + 1;

/** A time of day as ISO 8601, formatted once a millisecond for all clients. */
let isoAt = 0;
let iso = Buffer.alloc(24);
function isoOf(at: number): Buffer {
  if (at !== isoAt) {
    isoAt = at;
    iso = Buffer.from(new Date(at).toISOString());
  }
  return iso;
}

/** One hub of a load: a bare socket, a window of messages in flight, and their acknowledgements. */
export class LoadClient {
  state: 'idle' | 'dialling' | 'ready' | 'dead' = 'idle';
  readonly #options: LoadClientOptions;
  readonly #ordinary: FrameMaker;
  readonly #emergency: FrameMaker;
  readonly #everyNth: number;
  readonly #slots: number;
  /** By number in flight, modulo the slots: when it was sent, and whether its acknowledgement is still to come. */
  readonly #sentAt: Float64Array;
  /** By the wall's clock, and kept: a copy says when its message was made, not when it is sent. */
  readonly #madeAt: Float64Array;
  readonly #waiting: Uint8Array;
  #socket: Socket | null = null;
  #redial: NodeJS.Timeout | undefined;
  #keepFull = false;
  #seq = 0;
  #inFlight = 0;
  #oldest = 1;
  #rest: Buffer | null = null;

  constructor(options: LoadClientOptions) {
    const { hub, boot, window, criticalPerMille } = options;
    this.#options = options;
    this.#ordinary = frameMaker(hub.topic, boot, '{"kind":"motion","device":"pir-kitchen","value":true}');
    const topic = hub.topic.replace(/\/up$/, '/emergency');
    this.#emergency = frameMaker(topic, boot, '{"kind":"sos","device":"sos-bedroom","value":true}');
    this.#everyNth = criticalPerMille > 0 ? Math.round(1_000 / criticalPerMille) : 0;
    this.#slots = 2 ** Math.ceil(Math.log2(window * 2));
    this.#sentAt = new Float64Array(this.#slots);
    this.#madeAt = new Float64Array(this.#slots);
    this.#waiting = new Uint8Array(this.#slots);
  }

  dial(): void {
    const { host, port, hub, reconnect, tls } = this.#options;
    this.state = 'dialling';
    this.#rest = null;
    const greet = () => void socket.write(connectFrame(hub.clientId, hub.username, hub.password, KEEPALIVE_SECONDS));
    const place = { host, port, noDelay: true };
    const socket: Socket = tls ? connectTls({ ...tls, ...place }, greet) : connect(place, greet);
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.state === 'dead') return;
      this.state = reconnect ? 'dialling' : 'dead';
      if (reconnect) this.#redial = setTimeout(() => this.dial(), REDIAL_MS);
    });
  }

  /** Publishes up to `count` messages, as far as the window allows; how many it were. */
  publish(count: number): number {
    if (this.state !== 'ready') return 0;
    // The window ends at the ring's edge too: one message never acknowledged must not be written over.
    const room = Math.min(count, this.#options.window - this.#inFlight, this.#oldest + this.#slots - 1 - this.#seq);
    if (room <= 0) return 0;
    const now = performance.now();
    const wallAt = Date.now();
    const numbers: number[] = [];
    for (let i = 0; i < room; i++) {
      const number = ++this.#seq;
      this.#sentAt[number % this.#slots] = now;
      this.#madeAt[number % this.#slots] = wallAt;
      this.#waiting[number % this.#slots] = 1;
      numbers.push(number);
      this.#options.onSend(number, this.#isCritical(number));
    }
    this.#inFlight += room;
    this.#write(numbers, false);
    return room;
  }

  /** Publishes whenever there is room in the window. */
  keepFull(on: boolean): void {
    this.#keepFull = on;
    if (on) this.publish(this.#options.window);
  }

  close(): void {
    this.state = 'dead';
    clearTimeout(this.#redial);
    this.#socket?.destroy();
  }

  #isCritical(number: number): boolean {
    return this.#everyNth > 0 && (number + this.#options.index) % this.#everyNth === 0;
  }

  #write(numbers: readonly number[], again: boolean): void {
    const makers = numbers.map((number) => (this.#isCritical(number) ? this.#emergency : this.#ordinary));
    const bytes = Buffer.allocUnsafe(makers.reduce((sum, maker) => sum + maker.bytes, 0));
    const sent = isoOf(Date.now());
    let at = 0;
    numbers.forEach((number, i) => {
      const maker = makers[i] ?? this.#ordinary;
      const made = isoOf(this.#madeAt[number % this.#slots] ?? 0);
      maker.write(bytes, at, idOf(number), number, { made, sent }, again);
      at += maker.bytes;
    });
    this.#socket?.write(bytes);
  }

  #acknowledged(id: number): void {
    // The number in flight that carries this packet identifier: the first from the oldest on.
    const number = this.#oldest + ((id - idOf(this.#oldest) + IDS) % IDS);
    const slot = number % this.#slots;
    if (number > this.#seq || this.#waiting[slot] === 0) return;
    this.#waiting[slot] = 0;
    this.#inFlight--;
    while (this.#oldest <= this.#seq && this.#waiting[this.#oldest % this.#slots] === 0) this.#oldest++;
    this.#options.onAck(number, this.#isCritical(number), performance.now() - (this.#sentAt[slot] ?? 0));
  }

  #welcomed(): void {
    this.state = 'ready';
    if (this.#seq === 0) this.publish(this.#options.kept);
    const again: number[] = [];
    for (let number = this.#oldest; number <= this.#seq; number++)
      if (this.#waiting[number % this.#slots] === 1) again.push(number);
    if (again.length > 0) this.#write(again, true);
  }

  /** Only CONNACK, PUBACK and other short packets come: nothing is subscribed. */
  #read(chunk: Buffer): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    while (bytes.length - at >= 2) {
      const length = 2 + (bytes[at + 1] ?? 0);
      if (bytes.length - at < length) break;
      const type = (bytes[at] ?? 0) >> 4;
      if (type === PUBACK) this.#acknowledged(bytes.readUInt16BE(at + 2));
      else if (type === CONNACK && bytes[at + 3] === 0) this.#welcomed();
      // A refused credential stays refused; dialling again would only be a flood.
      else if (type === CONNACK) this.close();
      at += length;
    }
    this.#rest = at < bytes.length ? bytes.subarray(at) : null;
    if (this.#keepFull) this.publish(this.#options.window);
  }
}
