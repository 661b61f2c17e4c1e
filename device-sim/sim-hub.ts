import { randomBytes } from 'node:crypto';
import { connect, type MqttClient } from 'mqtt';
import { categoryOfCritical } from '../domain/category.ts';
import { factsOf } from '../domain/reading.ts';
import { seconds } from '../domain/time.ts';
import type { SimReading } from './event.ts';
import { digestOf, type Ledger } from './ledger.ts';
import type { Speech, Utterance } from './speech.ts';

export type Credential = { readonly clientId: string; readonly username: string; readonly password: string };

export type SimHubOptions = {
  /** The way to the server at each dialling. */
  readonly url: string | (() => string);
  readonly keepaliveSeconds?: number;
  readonly credential: Credential;
  readonly speech: Speech;
  readonly ledger: Ledger;
  readonly now?: () => number;
  readonly onTrouble?: (trouble: Error) => void;
};

/** An emergency that the server has not confirmed by its own message in this time is said again, at most so often. */
const CONFIRM_WITHIN_MS = seconds(15);
const SAID_AGAIN = 3;
const REDIAL_MS = seconds(1);
/** A real hub's memory ends somewhere; then the oldest goes. */
const BACKLOG_LIMIT = 100_000;
/** What can still be repeated. */
const REMEMBERED = 1_000;

type Pending = { readonly utterance: Utterance; readonly id: string; readonly critical: boolean };

/** A simulated hub: a real MQTT connection, a memory for when there is none, and a ledger of what it was promised. */
export class SimHub {
  readonly #options: SimHubOptions;
  readonly #boot = randomBytes(4).toString('hex');
  readonly #said = new Map<number, Pending>();
  readonly #confirmations = new Map<string, NodeJS.Timeout>();
  #backlog: Pending[] = [];
  #unanswered = 0;
  #waiting: (() => void)[] = [];
  #seq = 0;
  #clockOffset = 0;
  #powered = true;
  #client: MqttClient | null = null;
  #redial: NodeJS.Timeout | undefined;

  constructor(options: SimHubOptions) {
    this.#options = options;
    this.#dial();
  }

  /** Says it now, or keeps it until the link is back. `at`: when it happened, on a right clock. Returns its number within this boot. */
  says(readings: readonly SimReading[], at: number): number {
    const number = this.holds(readings, at);
    this.repeats([number]);
    return number;
  }

  /** Takes a number without sending: for what is to be sent in another order. */
  holds(readings: readonly SimReading[], at: number): number {
    const seq = ++this.#seq;
    const hub = this.#options.credential.clientId;
    const emergency = readings.find(({ kind, value }) => value === true && factsOf(kind).critical);
    const own = readings.map((r) => (r.at === undefined ? r : { ...r, at: r.at + this.#clockOffset }));
    const utterance = { boot: this.#boot, seq, at: at + this.#clockOffset, readings: own };
    const pending = { utterance, id: `${hub}/${this.#boot}/${seq}`, critical: emergency !== undefined };
    this.#said.set(seq, pending);
    this.#said.delete(seq - REMEMBERED);
    const critical = emergency ? categoryOfCritical(emergency.kind) : null;
    this.#options.ledger({ is: 'invoke', id: pending.id, hub, critical, at: utterance.at });
    return seq;
  }

  /** Sends utterances that it numbered before, in this order, each as often as it stands there. */
  repeats(numbers: readonly number[]): void {
    for (const number of numbers) {
      const pending = this.#said.get(number);
      if (!pending) throw new Error(`this hub does not remember number ${number}`);
      this.#sendOrKeep(pending);
    }
  }

  /** The hub's own clock is wrong by so much from now on. */
  setClock(offsetMs: number): void {
    this.#clockOffset = offsetMs;
  }

  /** The socket vanishes as in a power cut; what happens meanwhile is kept, oldest first. */
  cutPower(): void {
    this.#powered = false;
    clearTimeout(this.#redial);
    this.#client?.stream.destroy();
  }

  restore(): void {
    this.#powered = true;
    this.#dial();
  }

  /** When everything said is acknowledged, or the hub is stopped. */
  settled(): Promise<void> {
    if (this.#unanswered === 0 && this.#backlog.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async stop(): Promise<void> {
    this.#powered = false;
    clearTimeout(this.#redial);
    for (const timer of this.#confirmations.values()) clearTimeout(timer);
    await this.#client?.endAsync();
    this.#release();
  }

  #sendOrKeep(pending: Pending): void {
    if (this.#client?.connected) this.#send(this.#client, pending);
    else if (this.#backlog.push(pending) > BACKLOG_LIMIT) this.#backlog.shift();
  }

  #send(link: MqttClient, pending: Pending): void {
    const { speech, ledger, now = Date.now } = this.#options;
    const { utterance, id, critical } = pending;
    if (critical && speech.acknowledged && !this.#confirmations.has(id)) this.#expectConfirmation(pending);
    const frames = speech.frames(utterance, now() + this.#clockOffset);
    const sent = frames.map(({ topic, payload, retain }) => link.publishAsync(topic, payload, { qos: 1, retain }));
    this.#unanswered++;
    Promise.all(sent)
      .then(
        () => ledger({ is: 'acked', id, proof: frames.map(({ topic, payload }) => digestOf(topic, payload)) }),
        () => {
          ledger({ is: 'unknown', id });
          this.#backlog.push(pending);
        },
      )
      .finally(() => this.#answered());
  }

  #answered(): void {
    this.#unanswered--;
    if (this.#unanswered > 0 || this.#backlog.length > 0) return;
    this.#release();
  }

  #release(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting = [];
  }

  #expectConfirmation(pending: Pending, left = SAID_AGAIN): void {
    const timer = setTimeout(() => {
      if (left === 0) return;
      if (this.#client?.connected) this.#send(this.#client, pending);
      this.#expectConfirmation(pending, left - 1);
    }, CONFIRM_WITHIN_MS);
    this.#confirmations.set(pending.id, timer.unref());
  }

  /**
   * Every connection is a client of its own. mqtt.js would resend what was in flight by itself, with the old sending time and out
   * of turn with our backlog; ended by force, it gives the messages back to us instead.
   */
  #dial(): void {
    const { url, credential, speech, keepaliveSeconds = 60, onTrouble = () => {} } = this.#options;
    const link = connect(typeof url === 'string' ? url : url(), {
      ...credential,
      clean: true,
      keepalive: keepaliveSeconds,
      reconnectPeriod: 0,
      connectTimeout: 10_000,
    });
    this.#client = link;
    link.on('connect', () => {
      link.subscribe(speech.subscription, { qos: 1 });
      for (const { topic, payload, retain } of speech.greeting()) link.publish(topic, payload, { qos: 1, retain });
      const kept = this.#backlog.sort((a, b) => a.utterance.seq - b.utterance.seq);
      this.#backlog = [];
      for (const pending of kept) this.#sendOrKeep(pending);
    });
    link.on('message', (_topic, payload) => this.#hear(payload.toString()));
    link.on('error', onTrouble);
    link.once('close', () => {
      link.end(true);
      if (this.#powered && this.#client === link) this.#redial = setTimeout(() => this.#dial(), REDIAL_MS);
    });
  }

  #hear(payload: string): void {
    const { speech, ledger, credential } = this.#options;
    const ack = speech.acknowledged?.(payload);
    if (!ack) return;
    const id = `${credential.clientId}/${ack.boot}/${ack.seq}`;
    clearTimeout(this.#confirmations.get(id));
    ledger({ is: 'appAcked', id });
  }
}
